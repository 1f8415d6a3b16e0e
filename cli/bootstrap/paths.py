"""Where things lie: the checkout, and the folder with everything that a run leaves behind."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.bootstrap.problem import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).resolve().parents[2]
# Tools belong to the checkout, data to the home: a second home (DIABAN_HOME) shares the same tools.
TOOLS = REPO / ".diaban"
VENV = TOOLS / "venv"
VENV_PYTHON = VENV / "bin" / "python"


class Home:
    """The folder of one Diaban: data, state, secret, logs; ``.diaban`` unless DIABAN_HOME says otherwise."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log"
        self.state_file = root / "state.json"
        self.secret_file = root / "secret"

    @classmethod
    def current(cls) -> Home:
        """The home that the environment asks for."""
        return cls(Path(os.environ.get("DIABAN_HOME") or TOOLS).resolve())

    def create(self) -> None:
        """Make the folders that every command may write to."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.log.mkdir(mode=0o700, exist_ok=True)

    def state(self) -> dict[str, Any]:
        """What was remembered; empty when nothing was, or when the file was cut short by a crash."""
        try:
            found = json.loads(self.state_file.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, **values: Any) -> None:  # noqa: ANN401
        """Write values into the state file in one step, so that a crash leaves the old or the new one."""
        self.create()
        write_whole(self.state_file, json.dumps({**self.state(), **values}, indent=1) + "\n")

    def forget(self, name: str) -> None:
        """Remove one value from the state file."""
        left = {key: value for key, value in self.state().items() if key != name}
        write_whole(self.state_file, json.dumps(left, indent=1) + "\n")

    def secret(self) -> str:
        """The secret of this home, made at the first call and readable by its owner only."""
        if not self.secret_file.exists():
            self.create()
            write_whole(self.secret_file, secrets.token_hex(32) + "\n", mode=0o600)
        return self.secret_file.read_text("ascii").strip()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one command at a time start and stop things in this home."""
        self.create()
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Stop(
                    "Một lệnh ./diaban khác đang chạy, hãy đợi lệnh đó xong rồi gõ lại.",
                    "Another ./diaban command is at work: wait for it to end, then type this again.",
                ) from None
            yield


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
