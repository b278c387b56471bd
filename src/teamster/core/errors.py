"""What can go wrong, drawn by what helps against it.

    TeamsterError
    ├── Transient                 the same call may work later: retry with backoff
    │   ├── ServerUnavailable     host down, connection reset, time-out
    │   ├── FileChanged           a remote file changed while it was being fetched
    │   ├── ObjectChanged         another run has replaced the object that this one writes or reads
    │   └── AnswerIncomplete      an API's answer was cut short, or its records moved meanwhile
    └── Permanent                 someone must change something first: never retried
        ├── ConfigError           a definition or a setting is wrong (also a ValueError)
        ├── AuthenticationFailed  wrong user name, password or key
        ├── HostKeyUntrusted      unknown or changed host key
        ├── NoSuchDirectory       the folder that a feed names is not there
        ├── PermissionRefused     the server shows it but does not let us read it
        ├── NoMatchingFile        nothing matches (also a FileNotFoundError)
        ├── SeveralMatchingFiles  more than one matches where one is wanted
        ├── SpoolFull             no space here for temporary files
        ├── SuspectRowCount       far fewer or more rows than before, and the feed holds such drops
        ├── UnreadableFile        not what it should be: encoding, archive, header
        ├── TooManyRejectedRows   more bad rows than the feed allows
        ├── RequestRefused        an API says that the request itself is wrong
        ├── UnexpectedAnswer      an API answers with another thing: HTML, another shape, no end
        └── NoRecords             an API's answer is empty where records are expected

No message holds a value of a row, a secret or a path of this machine: it says file, line, column,
type, and what to do.
"""


class TeamsterError(Exception):
    """The root of every error that Teamster raises on purpose."""


class Transient(TeamsterError):
    """The same call may work later."""


class ServerUnavailable(Transient):
    """The host is down, refused or dropped the connection, or was too slow."""


class FileChanged(Transient):
    """A remote file changed between the listing and the end of its download."""


class ObjectChanged(Transient):
    """An object is not the one seen before: another run has written it meanwhile, and it stays."""


class AnswerIncomplete(Transient):
    """An API's answer was cut short, is not all it says it is, or changed while it was read."""


class Permanent(TeamsterError):
    """Trying again without a change does not help."""


class ConfigError(Permanent, ValueError):
    """A definition, a YAML entry or a setting is wrong."""


class AuthenticationFailed(Permanent):
    """The server refused the user name, password or key."""


class HostKeyUntrusted(Permanent):
    """The server's host key is unknown, or not the one that was pinned."""


class NoSuchDirectory(Permanent):
    """A folder that a feed names is not on the server."""


class PermissionRefused(Permanent):
    """The server refuses to list a folder or to open a file."""


class SpoolFull(Permanent):
    """The disk that holds temporary files is full."""


class NoMatchingFile(Permanent, FileNotFoundError):
    """No remote file, or no archive member, matches the feed's patterns."""


class SeveralMatchingFiles(Permanent):
    """Several remote files or members match where exactly one is wanted."""


class UnreadableFile(Permanent):
    """A file is not what its feed says: encoding, archive or header."""


class TooManyRejectedRows(Permanent):
    """More rows were rejected than the feed's ``max_rejected_rows``."""


class SuspectRowCount(Permanent):
    """A drop holds so many fewer or more rows than the one before that the feed holds it back."""


class RequestRefused(Permanent):
    """An API says that the request is wrong: its path, a parameter, or what it asks for."""


class UnexpectedAnswer(Permanent):
    """An API answers with something else: a web page, JSON of another shape, pages without end."""


class NoRecords(Permanent):
    """An API's answer holds no record, and nothing says that this can be."""
