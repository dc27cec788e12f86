"""Every sentence that the remedy adds to a plan or a patch, in one place, where a translation could replace it.

What stands in braces is put in by whoever uses the text. Commands are no texts: they are what the machine reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Deviation, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

# --- headings and labels of the plan ----------------------------------------------------------------

PHASES: Mapping[Phase, str] = {
    Phase.BACK_UP: "back up",
    Phase.RESTORE_FILE: "restore the file",
    Phase.REGISTER: "register",
    Phase.PATCH: "change the registry",
    Phase.VERIFY: "verify",
    Phase.RESTART: "restart",
    Phase.ADMINISTER: "administer the cluster",
    Phase.NOTE: "note",
}
PLAN_FOR = "Plan for {name}"
STEPS_FOR = "Steps on {machine}"
STEP = "Step {number}."
STEP_OF = "Step {number} of {total}"
WARNING = "Warning:"
EXPECT = "What one should see:"
OTHERWISE = "If one sees something else:"
COMMAND = "Type:"
COMMAND_IN_ONE_LINE = "Type, in one line:"
NOTHING_TO_DO = "There is nothing to do."
ON_OTHER_MACHINES = "{steps}: on {machine}. Go on here only when that is done."
ANYWHERE = "on any node"
DONE = "Done"
REGISTRY_WARNING = (
    "A mistake in the registry can keep Windows from starting. Back up first, change nothing but what is listed "
    "here, and keep the undo files at hand."
)
WHAT_PATCHES_CHANGE = "What the patches change"
TAKES_IT_BACK = "takes it back."
WHAT_WAS_PROVED = "What was proved"
HOW_IT_WAS_PROVED = (
    "Every step was laid over the evidence in memory, in this order, each patch as the very bytes that are "
    "delivered, and everything was diagnosed again after each. For steps that no file can prove (a file put in "
    "its place, a program that registers it) their success was assumed. At the end:"
)
NOT_PATCHED = "What is not patched, and why"
NOT_TOLD = "Nothing is changed where the evidence does not tell."
BY_HAND = "No file can carry the change; it is made by hand, as the steps say."
BY_STEPS = "No registry value mends this; the steps above do."

# --- patches ----------------------------------------------------------------------------------------

WINDOWS_UNKNOWN = (
    "Which Windows {machine} runs is not known. This patch has the REGEDIT4 form, which every Windows takes."
)
DIALECT_TOO_NEW = (
    "Regedit of Windows NT 4.0, which {machine} runs, does not take the 5.00 form asked for. "
    "Use REGEDIT4 there."
)
DIALECT_MAY_BE_TOO_NEW = (
    "Which Windows {machine} runs is not known. "
    "Regedit of Windows NT 4.0 does not take the 5.00 form asked for."
)
REGISTRATION_UNVERIFIED = (
    "This patch registers {clsid} by its path alone. What else regsvr32 would write (the class's name, ProgID, "
    "ThreadingModel) is not known of this DLL and left out, and whether the DLL does without has not been verified. "
    "Where regsvr32 can be run, it is the better way."
)

# --- before the work --------------------------------------------------------------------------------

BEFORE = "Before you begin"
BEFORE_REASON = "Work on one node to the end, then on the other; restart only when both are done."
BEFORE_REASON_SET_UP = (
    "Work on one node to the end, then on the other. But for the restarts that a step itself asks for, restart only "
    "when both are done."
)
BEFORE_EXPECT = (
    "The files of this kit lie in one folder on each node, and the command prompt is in that folder where a "
    "command names one of them."
)
REGISTRY_EDITOR = (
    "Using Registry Editor incorrectly can cause serious problems that may require you to reinstall the operating "
    "system. Be sure that you can restore what you change."
)
NOT_REPLICATED = (
    "The cluster database is not replicated by edits with a registry editor: a change reaches only the node on "
    "which it is made, and Microsoft's documentation warns against such edits. The supported road is REGCLADM.EXE "
    "of the Platform SDK, or cluster.exe /regext of Windows 2000 (Q272350), run once on a node with the DLL in "
    "place. The article edits the registry of both nodes, and so does this plan."
)
LEFT_OUT = (
    "{machines} was left out of this plan by choice, and the fault was found there too. A node that restarts takes "
    "the cluster database from the node that is up (Q217147): restart nothing before that node is mended."
)

# --- back up ----------------------------------------------------------------------------------------

BACK_UP = "Back up {machine}, the cluster hive included"
BACK_UP_REASON_NT4 = (
    "An emergency repair disk never holds the cluster hive (Q217157). NT Backup with Backup Local Registry does, "
    "and spares stopping the service."
)
BACK_UP_REASON = (
    "A backup of the system state holds the registry; the copy of CLUSDB is there to be looked at."
)
BACK_UP_REASON_REG = (
    "A backup of the system state holds the registry; the saved hive is there to be looked at."
)
BACK_UP_EXPECT = "CLUSDB.before is there and has the size of CLUSDB, more than zero bytes."
BACK_UP_STOPS = (
    "Stopping the cluster service moves this node's groups to the other node. Do it on one node at a time, and go "
    "on only when the service runs again."
)
BACK_UP_WINDOWS_UNKNOWN = (
    "Which Windows this is is not known. The commands are those of Windows NT 4.0; rdisk is not there on later ones: "
    "back up the system state with NT Backup instead."
)
_NO_CLUSDB = Deviation(
    "The system cannot find the file CLUSDB.",
    "The cluster directory was chosen otherwise at set-up (Q171265): it is the folder of ImagePath in "
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\ClusSvc.",
)
BACK_UP_OTHERWISE: tuple[Deviation, ...] = (
    _NO_CLUSDB,
    Deviation(
        "CLUSDB has zero bytes, or the cluster service does not start again.",
        "Go no further. CLUSDB is damaged or read-only (Q217147, Q216064); the event log tells.",
    ),
)

BACK_UP_DOWN = (
    "Do not stop the cluster service here where it still runs: as this node is, it would not start again before it "
    "is mended."
)
BACK_UP_OTHERWISE_DOWN = (
    _NO_CLUSDB,
    Deviation(
        "The process cannot access the file because it is being used by another process.",
        "The cluster service still runs. Leave it, and save the registry with NT Backup, Backup Local Registry "
        "(Q217157).",
    ),
    Deviation("CLUSDB has zero bytes.", "Go no further. CLUSDB is damaged or read-only (Q217147, Q216064)."),
)
BACK_UP_STOPS_ALL = (
    "The cluster service of {machines} does not start before that node is mended: while it is stopped here, nothing "
    "of the cluster is online anywhere. Do it at a quiet time, or save with NT Backup, Backup Local Registry, instead "
    "(Q217157)."
)
BACK_UP_WORKSTATION = "Back up {machine}"
BACK_UP_WORKSTATION_REASON = (
    "It is no node: there is no cluster hive on it, and its registry is all there is."
)
BACK_UP_WORKSTATION_EXPECT = "The program ends without an error."

# --- files and registration -------------------------------------------------------------------------

LOOK_FOR_FILE = "See that {name} is in its place on {machine}"
LOOK_FOR_FILE_REASON = (
    "The registration is part of the patch, and a patch does not look whether the file is there or loads."
)
LOOK_FOR_FILE_EXPECT = "{path} is there, larger than zero bytes."
LOOK_FOR_FILE_OTHERWISE = (
    Deviation("The file is not there.", "Put it there first; do not import the patch before."),
)

# --- the patch --------------------------------------------------------------------------------------

IMPORT = "Import {file} on {machine}"
IMPORT_WHILE_RUNNING = (
    "HKEY_LOCAL_MACHINE\\Cluster is there only while the cluster service runs on this node: start it before."
)
IMPORT_REASON = (
    "The file replaces the whole value, so it carries every string that was listed before and shall stay."
)
IMPORT_WHILE_DOWN = (
    "The cluster service does not start on this node before the file is imported and the node restarted, so "
    "HKEY_LOCAL_MACHINE\\Cluster is not there: what the file holds of it is refused now, and imported again then."
)
IMPORT_AGAIN = "Import {file} on {machine} once more"
IMPORT_AGAIN_REASON = (
    "What the file holds of HKEY_LOCAL_MACHINE\\Cluster could not be entered before the cluster service ran. It may be "
    "there by now, from the node that was up (Q217147); then nothing changes."
)
IMPORT_REASON_SINGLE = "The file replaces each value as a whole; the steps after it show which."
UNDO_IN_OTHER_DIALECT = (
    "The undo for {machine} is in the 5.00 form, because REGEDIT4 cannot carry the old bytes ({why}). Regedit of "
    "Windows NT 4.0 does not read that form: there, restore the saved key or the backup to go back."
)
IMPORT_EXPECT = "Registry Editor says that the information was entered. {undo_file} takes it back."
IMPORT_UNVERIFIED = (
    "That Regedit of Windows NT 4.0 imports a REG_MULTI_SZ as meant, and takes the deletions of an undo file, has "
    "not been verified on a real machine: look at the result in Regedt32 (next step), and where it is not as shown, "
    "type the value in there by the article's own steps."
)
IMPORT_OTHERWISE = (
    Deviation(
        "The specified file is not a registry script.",
        "Its form is not the one that this Windows takes, or it was changed on its way (SHA256SUMS tells). Make the "
        "change by hand, as the next step says.",
    ),
    Deviation(
        "Error accessing the registry.",
        "Log on as an administrator, and see that the cluster service runs on this node (net start).",
    ),
)
IMPORT_OTHERWISE_ELSEWHERE = (
    IMPORT_OTHERWISE[0],
    Deviation("Error accessing the registry.", "Log on as an administrator."),
)
IMPORT_OTHERWISE_DOWN = (
    IMPORT_OTHERWISE[0],
    Deviation(
        "Error accessing the registry.",
        "As told, for what the file holds of HKEY_LOCAL_MACHINE\\Cluster: the next steps show whether the rest is there.",
    ),
)
EDIT = "Type {name} in on {machine} with Regedt32"
EDIT_REASON = "No .reg file can carry this change to this machine: {why}."
VERIFY = "Look at {name} of {key} on {machine}"
VERIFY_REASON = "An importer's silence or success message proves nothing."
SEEN_ABSENT = "{key} has no value {name}."
SEEN = "{key}: {name} : {type} : {data}"
VERIFY_NO_KEY = Deviation(
    "There is no key HKEY_LOCAL_MACHINE\\Cluster.",
    "The cluster service does not run on this node: net start clussvc, then import again.",
)
VERIFY_TYPE_IN = Deviation(
    "The value is not there, or not so.",
    "In Regedt32 select the key, delete a value {name} that is there, then Edit, Add Value, Value Name {name}, Data "
    "Type {type}, and {how}.",
)
HOW_MANY_STRINGS = "type each string on a line of its own, braces included (Q224553, steps 4 to 7)"
HOW_STRINGS_ELSEWHERE = "type each string on a line of its own"
HOW_ANYTHING_ELSE = "type the data as it stands above"
VERIFY_DELETE = Deviation("The value is there.", "In Regedt32 select the key, then the value, and delete it.")
VERIFY_TAKE_BACK = Deviation(
    "The change is to be taken back, and {undo_file} does not do it.",
    "In Regedt32: {before}",
)
BACK_TO_NOTHING = "delete the value {name} of {key}."
BACK_TO_NO_KEY = "delete the key {key}, which was not there before."
BACK_TO = "give {name} of {key} its former type {type} and data {data}."
NO_NAME = "<No Name>"
ZERO_BYTES = "(zero bytes)"

# --- before and at the restart ----------------------------------------------------------------------

UNPROVED = "Ask for help with what this plan does not mend"
UNPROVED_REASON = "A remedy for all that was found was worked out and failed its proof, so that it is not handed out. What failed:"
UNSEEN = "Look at {machines} before anything restarts"
UNSEEN_REASON = (
    "The evidence left open what {machines} lacks. A node that restarts takes the cluster database from the node "
    "that is up: if that one lacks the value, the change is lost (Q217147)."
)
UNSEEN_EXPECT = "Collect what is missing and examine again, or go through the article's steps there by hand."
RESTART = "Close Registry Editor and restart {machine}"
RESTART_AFTER = (
    "Close Registry Editor and restart {machine}, when {before} is back and online in Cluster Administrator"
)
RESTART_REASON = "Every node holds the change by now; restart one node at a time (Q224553, step 9)."
RESTART_REASON_ALONE = "Cluster Administrator and the cluster service read the extension at their start."
RESTART_REASON_IN_TURN = (
    "What was changed is read when Windows starts; one node at a time, so that the other holds the groups."
)
RESTART_REASON_PLAIN = "What was changed is read when Windows starts."
RESTART_HOW = "This Windows has no command for it: Start, Shut Down, Restart the computer."
REOPEN = "Close Cluster Administrator on {machine} and open it again"
REOPEN_REASON = "It reads its extensions when it starts."
REOPEN_EXPECT = "The properties of a resource show the page Parameters."
RESTART_EXPECT = "{machine} is online in Cluster Administrator, its groups can be moved back."
RESTART_OTHERWISE = (
    Deviation(
        "The node does not come online.",
        "Leave the other node alone. Look at the event log; type net start clussvc; take the change back with the "
        "undo file only when the log blames it.",
    ),
)
LAST_LOOK = "Look at the value on every node once more"
LAST_LOOK_REASON = "A node that joins takes the cluster database from the other one (Q217147)."
LAST_LOOK_EXPECT = "Every node still shows what its own step above says."
LAST_LOOK_OTHERWISE = (
    Deviation(
        "The value is gone on a node.",
        "That node restarted while another one still lacked it. Import the patch on every node again, then restart "
        "one node at a time.",
    ),
)

# --- at the end -------------------------------------------------------------------------------------

CREATE = "Create the IIS Server Instance in Cluster Administrator, on a node"
CREATE_REASON = "A remote Cluster Administrator cannot list the sites of the metabase (Q224553)."
CREATE_EXPECT = "After Dependencies, Next leads to the page for the instance's parameters."
CREATE_GROUP = "Use a group of its own, not the default Cluster Group (Q191138, Q168948)."
CREATE_OTHERWISE = (
    Deviation(
        "The list of resource types has no IIS Server Instance.",
        "This plan does not apply: the World Wide Web component of the Option Pack is not installed on both nodes "
        "(Q223259, Q241573).",
    ),
    Deviation(
        "Finish instead of Next, for this resource type alone.",
        "Cluster Administrator runs on a machine that is no node, or this node still lacks file, registration or "
        "value: collect again and examine.",
    ),
    Deviation(
        "Finish instead of Next, for every resource type.",
        "Another article: Cluadmex.dll or Debugex.dll is not as it should be (Q174641).",
    ),
    Deviation(
        "Cluster Administrator ends with an error on that page.",
        "Mfc42u.dll 6.00 with an Iisclex4.dll older than 4.2.742.1 (Q263216).",
    ),
)

# --- commands that are not given --------------------------------------------------------------------

WITHHELD = (
    "No command is given: a path or name from the evidence holds characters that the command interpreter would not "
    "take as they stand. Do by hand what the step says, and look at that path first: it is not a usual one."
)
