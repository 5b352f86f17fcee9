"""Does Aisle say in one line why it cannot start?"""

import socket
import stat
from pathlib import Path

from server.preflight import problem_with_folder, problem_with_interpreter, problem_with_port


def test_this_interpreter_is_fit() -> None:
    assert problem_with_interpreter() is None


def test_a_taken_port_is_named_with_the_fix() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        problem = problem_with_port("127.0.0.1", port)
    assert problem is not None and str(port) in problem and "AISLE_PORT" in problem and "\n" not in problem


def test_a_free_port_is_no_problem() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert problem_with_port("127.0.0.1", port) is None


def test_a_state_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("")
    problem = problem_with_folder(file)
    assert problem is not None and "AISLE_STATE_DIR" in problem


def test_the_state_folder_is_made_for_this_user_only(tmp_path: Path) -> None:
    assert problem_with_folder(tmp_path / "new") is None
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
