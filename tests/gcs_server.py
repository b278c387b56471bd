"""gcp-storage-emulator with what it lacks of Cloud Storage's promises. Runs in .venv-emulators.

Of `objects.insert`, `get`, `delete` and `rewrite` in the JSON API's reference:

- `ifGenerationMatch` (0: there must be no such object) is answered with 412, also by the last chunk
  of a resumable upload; `generation` and `sourceGeneration` of an object that is there no more with
  404.
- A body that breaks off changes nothing: the emulator would store what has come of it.

Usage: gcs_server.py DATA BUCKET... It prints its port, and serves until it is ended.
"""

import json
import sys
from functools import partial
from http import HTTPStatus, server
from urllib.parse import parse_qs, urlparse

from gcp_storage_emulator import server as emulator
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import buckets
from gcp_storage_emulator.storage import Storage


class PreconditionFailed(Exception):
    """Another generation than the caller wants is there."""


class BrokenOff(Exception):
    """The client is gone before its request was whole."""


class StrictStorage(Storage):
    """Objects with generations that count. One request at a time: `query` is its."""

    def __init__(self, data):
        super().__init__(data_dir=data)
        self.query, self.method = {}, ""

    def _write_config_to_file(self):
        pass  # nobody reads it, and it is written anew with every object

    def _live(self, bucket, name):
        found = self.objects.get(bucket, {}).get(name)
        return str(found["generation"]) if found else "0"

    def _check(self, bucket, name, condition="ifGenerationMatch", pinned="generation"):
        live = self._live(bucket, name)
        if self.query.get(pinned, [live]) != [live]:
            raise NotFound
        if self.query.get(condition, [live]) != [live]:
            raise PreconditionFailed

    def create_file(self, bucket_name, file_name, content, file_obj, file_id=None):
        self._check(bucket_name, file_name)
        if file_id:  # a resumable upload's object was described when the upload began
            later = max(int(file_obj["generation"]), int(self._live(bucket_name, file_name)) + 1)
            file_obj["generation"] = str(later)
        super().create_file(bucket_name, file_name, content, file_obj, file_id)

    def create_resumable_upload(self, bucket_name, file_name, file_obj):
        self._check(bucket_name, file_name)
        return super().create_resumable_upload(bucket_name, file_name, file_obj)

    def delete_file(self, bucket_name, file_name):
        self._check(bucket_name, file_name)
        super().delete_file(bucket_name, file_name)

    def get_file_obj(self, bucket_name, file_name):
        if self.method == "POST":
            self._check(bucket_name, file_name, "ifSourceGenerationMatch", "sourceGeneration")
        else:
            self._check(bucket_name, file_name)
        return super().get_file_obj(bucket_name, file_name)


class Handler(emulator.RequestHandler):
    """Answers 412 where a precondition fails, and nothing to whom nobody hears."""

    def _handle(self, method):
        self.storage.query = parse_qs(urlparse(self.path).query)
        self.storage.method = method
        try:
            emulator.Router(self).handle(method)
        except PreconditionFailed:
            self._fail(HTTPStatus.PRECONDITION_FAILED, "conditionNotMet")
        except (BrokenOff, ConnectionError):
            self.close_connection = True

    def _fail(self, status, reason):
        error = {"code": status.value, "message": reason, "errors": [{"reason": reason}]}
        body = json.dumps({"error": error}).encode()
        self.send_response(status.value, status.phrase)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self._handle(emulator.GET)

    def do_POST(self):
        self._handle(emulator.POST)

    def do_DELETE(self):
        self._handle(emulator.DELETE)

    def do_PUT(self):
        self._handle(emulator.PUT)

    def do_PATCH(self):
        self._handle(emulator.PATCH)


def _read_whole(read):
    """Makes a reader of request bodies that refuses a part of one."""

    def whole(request_handler):
        data = read(request_handler)
        length = request_handler.headers.get("Content-Length")
        if length and len(data or b"") != int(length):
            raise BrokenOff
        return data

    return whole


def main(data, *names):
    emulator._read_raw_data = _read_whole(emulator._read_raw_data)
    storage = StrictStorage(data)
    for name in names:
        buckets.create_bucket(name, storage)
    with server.HTTPServer(("127.0.0.1", 0), partial(Handler, storage)) as httpd:
        print(httpd.server_address[1], flush=True)
        httpd.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
