from __future__ import annotations

import gc

from iiscluster_kb.case._space import Space


def test_no_temporary_directory_is_made_before_it_is_needed() -> None:
    space = Space()
    space.close()
    assert space._folder is None


def test_a_space_that_is_forgotten_leaves_nothing_behind() -> None:
    space = Space()
    file = space.new_file("SYSTEM")
    file.write_bytes(b"x")
    del space
    gc.collect()
    assert not file.parent.exists()


def test_the_last_user_closes_the_space() -> None:
    space, one, two, stranger = Space(), object(), object(), object()
    folder = space.new_file("SYSTEM").parent
    space.admit(one)
    space.admit(two)
    for leaving in (stranger, one, one):
        space.retire(leaving)
        assert folder.exists()
    space.retire(two)
    assert not folder.exists()


def test_memory_is_set_aside_until_there_is_none() -> None:
    space = Space()
    assert space.claim_memory(60 << 20)
    assert not space.claim_memory(5 << 20)
    assert space.claim_memory(4 << 20)
