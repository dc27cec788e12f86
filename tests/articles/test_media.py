"""The step that restores Iisclex4.dll, with media at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import healthy, system_hive
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles._media import fitting, refusals, whereabouts
from iiscluster_kb.articles.q224553 import RULE
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.model import FileRestored, Media, MediaFile, Phase, Skipped, Stated
from tests.articles.test_q224553 import evidence

if TYPE_CHECKING:
    from iiscluster_kb.model import Step

CABINET = "Ntoptpak/En/x86/Winnt.SRV/iis4_1.cab"
COPY = MediaFile(
    path=f"{CABINET}/Iisclex4.dll",
    archive=CABINET,
    member="Iisclex4.dll",
    size=65_000,
    sha256="ab" * 32,
    version="4.2.622.1",
    linked=None,
    architecture="x86",
    can_register=True,
    problem=None,
    medium="cd",
    build="Windows NT 4.0 Option Pack (by version)",
)
ALPHA = replace(COPY, path=f"{CABINET}/alpha/Iisclex4.dll", member="alpha/Iisclex4.dll", architecture="alpha")
PLACE = r"C:\WINNT\system32\inetsrv"


def steps_with(media: Media | None, architecture: str | None = "x86") -> dict[Phase, Step]:
    """The steps for NODE1, whose DLL and registration are missing."""
    case = healthy()
    node = case.nodes[0]
    del node.inetsrv["iisclex4.dll"]
    node.system = system_hive("NODE1", architecture=architecture) if architecture else None
    pieces = [piece for each in case.machines.values() for piece in evidence(each)]
    cluster = group_machines(pieces, Stated(), "case", media)
    assert cluster.media == media
    assert {machine.media for machine in cluster.machines} == {media}
    findings = [finding for finding in diagnose(cluster, (RULE,)) if finding.machine == "NODE1"]
    return {step.phase: step for finding in findings for step in finding.steps}


def restore(*files: MediaFile, unread: tuple[Skipped, ...] = (), architecture: str | None = "x86") -> Step:
    return steps_with(Media(files, unread), architecture)[Phase.RESTORE_FILE]


def test_the_step_names_file_build_processor_hash_and_command() -> None:
    step = restore(ALPHA, COPY)
    place = CABINET.replace("/", "\\")
    assert step.command == rf'extract /a "D:\{place}" Iisclex4.dll /L "{PLACE}"'
    assert step.reason == (
        "Cluster Administrator loads the page for the parameters from iisclex4.dll (Q224553, step 2). "
        f"The media holds it as {CABINET}/Iisclex4.dll: for x86, 65,000 bytes, version 4.2.622.1; "
        f"known as Windows NT 4.0 Option Pack (by version); SHA-256 {'ab' * 32}. "
        "D: stands for the folder or disc that was given as media, cd."
    )
    assert step.expect == rf'dir "{PLACE}\iisclex4.dll" shows the file with 65,000 bytes.'
    assert [other.seen for other in step.otherwise] == ["extract is not found."]
    assert step.achieves == (FileRestored(rf"{PLACE}\iisclex4.dll", 65_000),)
    assert len(step.warnings) == 3


def test_registering_assumes_the_same_file() -> None:
    restored = FileRestored(rf"{PLACE}\iisclex4.dll", 65_000)
    assert restored in steps_with(Media((COPY,), ()))[Phase.REGISTER].achieves


def test_the_build_that_the_warnings_advise_gets_none() -> None:
    good = replace(COPY, archive=None, path="iisclex4.dll", version="4.2.742.1", medium=None, build=None)
    step = restore(COPY, good)
    assert step.warnings == ()
    assert step.otherwise == ()
    assert step.command == rf'copy "D:\iisclex4.dll" "{PLACE}\iisclex4.dll"'
    assert step.reason is not None
    assert "none of the known builds" in step.reason
    assert step.reason.endswith("D: stands for where iisclex4.dll is at hand.")
    # A version that leaves the revision out is not known to be that build.
    assert len(restore(replace(good, version="4.02.0742")).warnings) == 3


@pytest.mark.parametrize("member", ["in/iisclex4.dll", "Iisclex4.dll"])
def test_what_no_command_takes_out_is_unpacked_by_hand(member: str) -> None:
    archive = "n.zip" if "/" in member else 'a" b.cab'
    odd = replace(COPY, archive=archive, member=member, version=None)
    step = restore(odd)
    assert step.command is None
    assert step.otherwise == ()
    assert step.reason is not None
    assert "without a version" in step.reason
    assert "unpack it by hand" in step.reason


def fallback(*files: MediaFile, **more: Any) -> tuple[str, ...]:
    """The warnings of a step that takes the file from the Option Pack CD for want of a copy that fits."""
    architecture = more.get("architecture", "x86")
    plain = steps_with(None, architecture)[Phase.RESTORE_FILE]
    step = restore(*files, **more)
    assert replace(step, warnings=plain.warnings) == plain
    assert set(plain.warnings) <= set(step.warnings)
    return tuple(warning for warning in step.warnings if warning not in plain.warnings)


def test_a_copy_for_another_processor_is_refused_by_name() -> None:
    assert fallback(ALPHA) == (
        f"{ALPHA.path} on the media is not taken: it is made for alpha, the node is x86.",
    )
    assert fallback(COPY, architecture="ALPHA") == (
        f"{COPY.path} on the media is not taken: it is made for x86, the node is alpha.",
    )


def test_a_copy_of_no_use_is_refused_with_its_fault() -> None:
    text = replace(COPY, path="text", problem="not a PE image: text")
    mute = replace(COPY, path="mute", can_register=False)
    assert fallback(text, mute) == (
        "text on the media is not taken: not a PE image: text.",
        "mute on the media is not taken: it does not export DllRegisterServer.",
    )
    many = fallback(*(replace(text, path=f"text{number}") for number in range(7)))
    assert len(many) == 5
    assert many[-1] == "3 more copies on the media are not taken either."


def test_media_without_the_file_say_so_as_far_as_they_can_be_read() -> None:
    assert fallback() == ("The media does not hold iisclex4.dll.",)
    assert fallback(unread=(Skipped("iis4_1.cab", "cut off"),)) == (
        "iis4_1.cab on the media cannot be looked into: cut off.",
        "The media does not hold iisclex4.dll as far as it can be read.",
    )


def test_without_the_node_s_processor_nothing_is_chosen() -> None:
    warning = "The media holds iisclex4.dll for alpha and x86, and which of them fits is not known."
    assert [*refusals(Media((ALPHA, COPY), ()), "iisclex4.dll", None)] == [warning]
    (other,) = refusals(Media((replace(COPY, can_register=False),), ()), "iisclex4.dll", None)
    assert other == f"{COPY.path} on the media is not taken: it does not export DllRegisterServer."
    assert fitting((replace(COPY, architecture=None),), None) is None


def test_a_medium_is_called_by_its_name() -> None:
    assert whereabouts(COPY, "E:") == "E: stands for the folder or disc that was given as media, cd"
