"""A feed the usual way: paramiko, all rows as dicts in a list, fastavro, moved in place."""

import io
import re
import tempfile
from pathlib import Path

import paramiko

from benchmarks.feed import Feed
from benchmarks.usual_way import rows_of, write


def main(description: str) -> None:
    """Fetches the feed's files and writes its object.

    Args:
        description: Where the feed's description lies.
    """
    feed = Feed.load(Path(description))
    rows = []
    with tempfile.TemporaryDirectory() as folder, paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(feed.key))
        client.connect("127.0.0.1", feed.port, feed.username, pkey=key)
        with client.open_sftp() as sftp:
            for name in sorted(sftp.listdir(feed.drop)):
                if re.fullmatch(feed.pattern, name):
                    fetched = Path(folder) / name
                    sftp.get(f"{feed.drop}/{name}", str(fetched))
                    rows += rows_of(fetched, feed.schema)
        target = feed.object_of("usual")
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_suffix(".part")
        write(rows, made, feed.schema)
        made.replace(target)
