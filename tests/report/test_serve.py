"""The page over HTTP: this machine only, new when a result comes, a sentence when there is nothing to show."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager

import pytest

from twlv.errors import UsageError
from twlv.report.serve import Shown, server


@contextmanager
def _running(shown):
    with server(shown) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


def _get(port, path="/", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def _version(port):
    return json.loads(_get(port, "/version")[1])["version"]


def test_the_page_is_renewed_when_a_result_comes(make, tmp_path):
    with _running(Shown(paths=(tmp_path,))) as port:
        status, body, _ = _get(port)
        assert status == 200
        assert "no results in this folder" in body
        assert "connect-src &#39;self&#39;" in body
        before = _version(port)
        make("first_model").save(tmp_path)
        assert _version(port) != before
        assert "first_model" in _get(port)[1]
        assert "second_model" not in _get(port)[1]
        make("second_model").save(tmp_path)
        assert "second_model" in _get(port)[1]
        assert _version(port) == _version(port)


def test_a_broken_file_is_said_on_the_page(make, tmp_path):
    make("model").save(tmp_path)
    (tmp_path / "broken.json").write_text("{<script>")
    with _running(Shown(paths=(tmp_path,))) as port:
        status, body, _ = _get(port)
    assert status == 200
    assert "not JSON" in body
    assert body.count("<script") == 2


def test_other_names_of_this_machine_are_refused(make, tmp_path):
    make("model").save(tmp_path)
    with _running(Shown(paths=(tmp_path,))) as port:
        assert _get(port, host="evil.example")[0] == 403
        assert _get(port, host=f"localhost:{port}")[0] == 200
        assert _get(port, "/../../etc/passwd")[0] == 404
        assert _get(port)[2]["X-Content-Type-Options"] == "nosniff"


def test_a_port_that_is_taken_is_said(tmp_path):
    with server(Shown(paths=(tmp_path,))) as first, pytest.raises(UsageError, match="cannot listen on"):
        server(Shown(paths=(tmp_path,)), port=first.server_address[1])
    with pytest.raises(UsageError, match="--port 0"):
        server(Shown(paths=(tmp_path,)), port=99999)


def test_it_listens_to_this_machine_alone_by_default(tmp_path):
    with server(Shown(paths=(tmp_path,))) as running:
        assert running.server_address[0] == "127.0.0.1"
