"""How the commands end when they are told to: with a status that tells, and with nothing left behind."""

import os
import signal
import socket
import subprocess
import time
import zipfile

import pytest

from support.dicom import file_bytes, slice_of
from support.servers import Emulator, Gateway

ASKED = "a second signal ends at once"


def data_folder(parent):
    folder = parent / "data"
    folder.mkdir()
    return folder


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def stalled(port: int, path: str, authorization: str) -> socket.socket:
    """A download that has begun and is read no further."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\nAccept: {accept}\r\n\r\n".encode()
    )
    assert connection.recv(64).startswith(b"HTTP/1.1 200")
    return connection


@pytest.fixture(scope="module")
def large():
    """More than the buffers between two processes hold: 32 MiB."""
    return slice_of("stalled", size=4096)


def emulator_with_a_stalled_download(binary, folder, large, *words):
    server = Emulator(binary, folder, *words).start()
    store = server.make_store("stalled")
    assert store.post(file_bytes(large)).status_code == 200
    path = f"/v1/{store.path}/dicomWeb/studies/{large.StudyInstanceUID}"
    return server, stalled(server.port, path, server.headers()["Authorization"])


def test_a_stalled_download_is_cut_and_the_emulator_ends_with_status_0(binary, tmp_path, large):
    server, connection = emulator_with_a_stalled_download(binary, tmp_path, large, "--drain-seconds", "1")
    try:
        assert server.stop(signal.SIGINT) == 0
    finally:
        connection.close()
        server.kill()


def test_a_stalled_download_is_cut_and_the_gateway_ends_with_status_0(binary, tmp_path, large):
    server = Gateway(binary, tmp_path, "--drain-seconds", "1")
    file = tmp_path.parent / "stalled.dcm"
    file.write_bytes(file_bytes(large))
    try:
        server.start()
        assert server.run("upload", file, "--store", "radiology").returncode == 0
        path = f"/dicomweb/radiology/studies/{large.StudyInstanceUID}"
        connection = stalled(server.port, path, f"Bearer {server.key}")
        assert server.stop(signal.SIGTERM) == 0
        connection.close()
    finally:
        server.kill()


def test_a_second_signal_ends_at_once(binary, tmp_path, large):
    server, connection = emulator_with_a_stalled_download(binary, tmp_path, large, "--drain-seconds", "600")
    try:
        server.process.send_signal(signal.SIGINT)
        wait_for(lambda: ASKED in server.tail(), "the emulator says that it finishes what is under way")
        assert server.is_alive()
        assert server.stop(signal.SIGINT) == 128 + signal.SIGINT
    finally:
        connection.close()
        server.kill()


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as file:
        for index in range(60):
            file.writestr(f"{index}.dcm", file_bytes(slice_of("zip", index, size=512)))
    return path


def begun_upload(emulator, archive, temporary):
    """An upload that has unpacked something and cannot go on, because the emulator stands still."""
    temporary.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [emulator.binary, "upload", archive, "--emulator", emulator.host, "--data-dir", emulator.folder],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=emulator.environment() | {"TMPDIR": str(temporary)},
    )
    wait_for(lambda: list(temporary.glob("collimator-upload-*/[0-9]*")), "a file is unpacked")
    emulator.process.send_signal(signal.SIGSTOP)
    return process


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_upload_leaves_no_unpacked_files(binary, tmp_path, archive, by):
    temporary = tmp_path / "temporary"
    with Emulator(binary, data_folder(tmp_path)) as server:
        process = begun_upload(server, archive, temporary)
        process.send_signal(by)
        said, _ = process.communicate(timeout=30)
        server.process.send_signal(signal.SIGCONT)
        assert process.returncode == 128 + by
        assert "Interrupted" in said
        assert os.listdir(temporary) == []


def test_the_next_upload_removes_what_a_killed_one_left(binary, tmp_path, archive):
    temporary = tmp_path / "temporary"
    with Emulator(binary, data_folder(tmp_path)) as server:
        process = begun_upload(server, archive, temporary)
        process.kill()
        process.communicate(timeout=30)
        assert len(os.listdir(temporary)) == 1
        server.process.send_signal(signal.SIGCONT)
        again = subprocess.run(
            [server.binary, "upload", archive, "--emulator", server.host, "--data-dir", server.folder],
            capture_output=True, text=True, timeout=120, env=server.environment() | {"TMPDIR": str(temporary)},
        )
        assert again.returncode == 0, again.stdout + again.stderr
        assert os.listdir(temporary) == []


def test_a_pipe_in_a_folder_is_skipped_and_said(binary, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "one.dcm").write_bytes(file_bytes(slice_of("pipe")))
    with Emulator(binary, data_folder(tmp_path)) as server:
        sent = subprocess.run(
            [server.binary, "upload", folder, "--emulator", server.host, "--data-dir", server.folder],
            capture_output=True, text=True, timeout=60, env=server.environment(),
        )
        assert sent.returncode == 0, sent.stdout + sent.stderr
        assert "1 stored" in sent.stdout and "pipe, socket or device" in sent.stdout
