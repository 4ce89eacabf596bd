"""Fetching, against a server on the loopback that plays the hub and a publisher's address."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import torch
import transformers

from twlv import backbones
from twlv.backbones import hf, table
from twlv.backbones.entry import Entry, Origin
from twlv.backbones.fetch.fetching import fetch, is_offline
from twlv.backbones.fetch.receipt import read_receipt
from twlv.backbones.models_folder import folder_of
from twlv.errors import UsageError, WeightsError

from .conftest import SMALL
from .test_convert import DENSE, mvd_tree, tiny

COMMIT = "a" * 40
NEWER = "b" * 40


class Server:
    """Files by path, and what was asked for. ``cut`` ends the next answer after so many bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.cut: int | None = None
        self.commit = COMMIT
        self.address = ""
        self.lies = False

    def resolve(self, path: str) -> str:
        """``/org/name/resolve/REVISION/file`` as ``/org/name/file``."""
        parts = unquote(path).split("/")
        return "/".join(parts[:3] + parts[5:]) if "resolve" in parts else unquote(path)


def _handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, *, body: bool) -> None:
            server.asked.append((self.command, self.path, self.headers.get("Range", "")))
            path = server.resolve(self.path)
            content = server.files.get(path)
            status = server.status.get(path, 200 if content is not None else 404)
            if status != 200 or content is None:
                self.send_response(status)
                if status == 404:
                    self.send_header("X-Error-Code", "EntryNotFound")
                if status == 403:
                    self.send_header("X-Error-Code", "GatedRepo")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            etag = hashlib.sha256(content).hexdigest()
            begin, asked = 0, self.headers.get("Range")
            if asked and self.headers.get("If-Range", f'"{etag}"') == f'"{etag}"':
                begin = int(asked.removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if begin else 200)
            self.send_header("ETag", f'"{etag}"')
            revision = self.path.split("/resolve/")[-1].split("/")[0]
            self.send_header(
                "X-Repo-Commit", revision if revision == COMMIT and not server.lies else server.commit
            )
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content) - begin))
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            if body:
                end = len(content) if server.cut is None else begin + server.cut
                self.wfile.write(content[begin:end])
                if server.cut is not None:
                    server.cut = None
                    self.close_connection = True

    return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    found = Server()
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    found.address = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", found.address)
    monkeypatch.setenv("TWLV_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TWLV_OFFLINE", raising=False)
    yield found
    running.shutdown()
    running.server_close()
    thread.join()


def _listed(entry: Entry, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a line into the table for the time of a test."""
    entry = dataclasses.replace(entry, origin=origin, weights_at=str(origin))
    monkeypatch.setitem(table.TABLE, entry.card.name, entry)  # type: ignore[arg-type]
    return entry.card.name


def _pth(tmp_path: Path, tree: dict[str, Any]) -> bytes:
    torch.save(tree, tmp_path / "published.pth")
    return (tmp_path / "published.pth").read_bytes()


@pytest.fixture
def published(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A name whose file lies at an address of its authors'."""
    server.files["/weights/mvd.pth"] = _pth(tmp_path, mvd_tree(DENSE))
    origin = Origin(url=f"{server.address}/weights/mvd.pth", format="mvd")
    return _listed(tiny("mvd_vit_s.k400", DENSE), origin, monkeypatch)


# ---------------------------------------------------------------- a publisher's address


def test_a_published_file_is_fetched_converted_and_loaded(published: str, server: Server) -> None:
    seen: list[tuple[int, int]] = []
    receipt = fetch(published, accept_licence=True, progress=lambda *now: seen.append(now))
    content = server.files["/weights/mvd.pth"]
    assert receipt.sha256 == hashlib.sha256(content).hexdigest()
    assert receipt.num_bytes == len(content)
    assert seen[-1] == (len(content), len(content))
    assert receipt.licence_accepted
    assert sorted(path.name for path in folder_of(published).iterdir()) == [
        "card.json",
        "fetched.json",
        "model.safetensors",
    ]
    backbone = backbones.load(published, device="cpu")
    assert backbone.card.name == published
    assert backbone.card.licence == "CC-BY-NC-4.0"
    asked = len(server.asked)
    assert fetch(published) == receipt  # it is there: nothing is asked for, the licence was accepted
    assert len(server.asked) == asked


def test_an_interrupted_download_goes_on(published: str, server: Server) -> None:
    server.cut = 1000
    total = len(server.files["/weights/mvd.pth"])
    with pytest.raises(WeightsError, match=r"1000 bytes are here; the same command goes on"):
        fetch(published, accept_licence=True)
    assert read_receipt(folder_of(published)) is None
    receipt = fetch(published, accept_licence=True)
    assert receipt.num_bytes == total
    assert server.asked[-1] == ("GET", "/weights/mvd.pth", "bytes=1000-")


def test_a_file_that_changed_between_is_fetched_from_its_beginning(
    published: str, server: Server, tmp_path: Path
) -> None:
    server.cut = 1000
    with pytest.raises(WeightsError, match="1000 bytes"):
        fetch(published, accept_licence=True)
    other = mvd_tree(DENSE)
    other["model"]["norm.bias"] += 1
    server.files["/weights/mvd.pth"] = _pth(tmp_path, other)
    receipt = fetch(published, accept_licence=True)
    assert receipt.sha256 == hashlib.sha256(server.files["/weights/mvd.pth"]).hexdigest()


def test_a_wrong_checksum(
    published: str, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = table.TABLE[published]
    assert entry.origin is not None
    _listed(entry, dataclasses.replace(entry.origin, sha256="0" * 64), monkeypatch)
    with pytest.raises(WeightsError, match=r"has the sha256 [0-9a-f]{64}, but the table says 0{64}.*removed"):
        fetch(published, accept_licence=True)
    assert not list(folder_of(published).rglob("mvd.pth*"))
    given = tmp_path / "published.pth"
    with pytest.raises(WeightsError, match=r"but the table says 0{64}"):
        fetch(published, file=given, accept_licence=True)
    assert given.is_file()  # the user's own file is left alone


def test_a_second_fetch_must_get_the_same_file(published: str, server: Server, tmp_path: Path) -> None:
    first = fetch(published, accept_licence=True)
    assert fetch(published, again=True, accept_licence=True) == first
    changed = mvd_tree(DENSE)
    changed["model"]["norm.bias"] += 1
    server.files["/weights/mvd.pth"] = _pth(tmp_path, changed)
    with pytest.raises(WeightsError, match="but its first fetch says"):
        fetch(published, again=True, accept_licence=True)
    assert backbones.load(published, device="cpu").card.name == published  # what was there still is


def test_the_wrong_file_for_a_name(published: str, server: Server, tmp_path: Path) -> None:
    server.files["/weights/mvd.pth"] = _pth(tmp_path, {"model": {"conv1.weight": torch.zeros(2)}})
    with pytest.raises(WeightsError, match=r"missing \(blocks\.0.*1 left over \(conv1\.weight\)"):
        fetch(published, accept_licence=True)
    server.files["/weights/mvd.pth"] = b"<html>Sign in</html>"
    with pytest.raises(WeightsError, match="expected weights, found a page of a web site"):
        fetch(published, again=True, accept_licence=True)


def test_a_server_that_says_no_and_one_that_is_not_there(
    published: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status["/weights/mvd.pth"] = 503
    with pytest.raises(WeightsError, match="the server answers 503"):
        fetch(published, accept_licence=True)
    _listed(table.TABLE[published], Origin(url="http://127.0.0.1:1/x.pth", format="mvd"), monkeypatch)
    with pytest.raises(WeightsError, match="0 bytes are here"):
        fetch(published, accept_licence=True)
    _listed(table.TABLE[published], Origin(url="http://example.org/x.pth", format="mvd"), monkeypatch)
    with pytest.raises(UsageError, match="over https only"):
        fetch(published, accept_licence=True)


# ---------------------------------------------------------------- the hub


@pytest.fixture
def on_hub(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A name of the table whose repository holds a tiny model of transformers."""
    torch.manual_seed(0)
    model = transformers.VivitModel(hf.config_of("VivitConfig", SMALL["vivit"]), add_pooling_layer=False)
    model.save_pretrained(tmp_path / "made")
    preparation = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    preparation |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}  # type: ignore[dict-item]
    (tmp_path / "made" / "preprocessor_config.json").write_text(json.dumps(preparation))
    (tmp_path / "made" / "modeling_evil.py").write_text("raise SystemExit")
    for file in (tmp_path / "made").iterdir():
        server.files[f"/org/name/{file.name}"] = file.read_bytes()
    entry = table.TABLE["vivit_b.k400"]
    card = dataclasses.replace(
        entry.card,
        dim=24,
        num_frames=4,
        image_size_px=32,
        num_params=sum(parameter.numel() for parameter in model.parameters()),
    )
    assert entry.origin is not None
    origin = dataclasses.replace(entry.origin, repository="org/name")
    return _listed(dataclasses.replace(entry, card=card, config=SMALL["vivit"]), origin, monkeypatch)


def test_the_hub(on_hub: str, server: Server) -> None:
    receipt = fetch(on_hub)
    assert receipt.revision == COMMIT
    assert receipt.sha256 == hashlib.sha256(server.files["/org/name/model.safetensors"]).hexdigest()
    fetched = {path.rpartition("/")[2] for command, path, _ in server.asked if command == "GET"}
    assert fetched == {"config.json", "preprocessor_config.json", "model.safetensors"}  # and no code
    assert all(f"/resolve/{COMMIT}/" in path for command, path, _ in server.asked if command == "GET")
    asked = len(server.asked)
    backbone = backbones.load(on_hub, device="cpu")
    assert (backbone.card.name, backbone.card.dim) == (on_hub, 24)
    assert len(server.asked) == asked  # loading asks nobody


def test_another_fetch_keeps_to_the_first_commit(on_hub: str, server: Server) -> None:
    fetch(on_hub)
    server.commit, server.asked = NEWER, []
    fetch(on_hub, again=True)
    assert all(f"/resolve/{COMMIT}/" in path for _, path, _ in server.asked if "config" in path)


def test_a_hub_that_answers_with_another_commit(on_hub: str, server: Server) -> None:
    fetch(on_hub)
    server.commit, server.lies = NEWER, True
    with pytest.raises(WeightsError, match=r"answers with commit b{40}, which is not the one asked for"):
        fetch(on_hub, again=True)


def test_a_table_line_may_pin_its_revision(
    on_hub: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = table.TABLE[on_hub]
    assert entry.origin is not None
    _listed(entry, dataclasses.replace(entry.origin, revision=COMMIT), monkeypatch)
    fetch(on_hub)
    assert all(f"/resolve/{COMMIT}/" in path for _, path, _ in server.asked)


def test_what_the_hub_does_not_have_or_give(on_hub: str, server: Server) -> None:
    weights = server.files.pop("/org/name/model.safetensors")
    with pytest.raises(WeightsError, match=r"hf:org/name@a{40}: has no file model.safetensors; weights"):
        fetch(on_hub)
    server.files["/org/name/model.safetensors"] = weights
    server.status["/org/name/config.json"] = 403
    with pytest.raises(WeightsError, match="ask for a form first"):
        fetch(on_hub)


def test_a_hub_file_of_another_model(on_hub: str, server: Server) -> None:
    config = json.loads(server.files["/org/name/config.json"])
    server.files["/org/name/config.json"] = json.dumps({**config, "hidden_size": 12}).encode()
    with pytest.raises(WeightsError, match="of another shape"):
        fetch(on_hub)
    assert read_receipt(folder_of(on_hub)) is None


def test_files_that_one_has(on_hub: str, server: Server, tmp_path: Path) -> None:
    receipt = fetch(on_hub, file=tmp_path / "made", offline=True)
    assert not server.asked
    assert receipt.source == str(tmp_path / "made")
    assert backbones.load(on_hub, device="cpu").card.dim == 24
    with pytest.raises(WeightsError, match=r"expected model\.safetensors at .*, found none"):
        fetch(on_hub, file=tmp_path / "nothing", again=True)


# ---------------------------------------------------------------- before anything is asked for


def test_licences_that_forbid_commercial_use_must_be_accepted(published: str, server: Server) -> None:
    with pytest.raises(UsageError, match=r"CC-BY-NC-4.0, forbids commercial use.*add --accept-licence"):
        fetch(published)
    assert not server.asked


def test_offline_says_what_to_bring(published: str, on_hub: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=rf"nothing is fetched offline. Bring {server.address}/weights/mvd.pth"
    ):
        fetch(published, offline=True, accept_licence=True)
    with pytest.raises(UsageError, match=r"Bring model.safetensors of hf:org/name here"):
        fetch(on_hub, offline=True)
    assert not server.asked
    receipt = fetch(published, offline=True, accept_licence=True, file=tmp_path / "published.pth")
    assert receipt.source.endswith("published.pth")
    assert not server.asked


@pytest.mark.parametrize("name", ["TWLV_OFFLINE", "HF_HUB_OFFLINE"])
def test_the_environment_may_forbid_connections(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TWLV_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    assert not is_offline()
    monkeypatch.setenv(name, "1")
    assert is_offline()
    monkeypatch.setenv(name, "0")
    assert not is_offline()


def test_what_lies_on_a_page_for_people_and_what_needs_no_fetching(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"page for people only. Bring https://github.com/ruiwang2021/mvd"):
        fetch("mvd_vit_l.k400", accept_licence=True)
    with pytest.raises(UsageError, match="needs no fetching: its weights are drawn from seed 0"):
        fetch("twlv1_vit_b.random")
    assert not server.asked
