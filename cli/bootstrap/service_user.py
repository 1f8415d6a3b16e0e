"""The account that the database server runs as when root calls, and what it may reach."""

from __future__ import annotations

import os
import pwd
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.bootstrap.problem import Stop

if TYPE_CHECKING:
    from pathlib import Path


class Account(NamedTuple):
    """A non-root account."""

    uid: int
    gid: int

    def as_subprocess(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that drop root for good."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def service_user() -> Account | None:
    """None unless root calls; then ``postgres``, else ``diaban``, which is made when absent."""
    if os.geteuid() != 0:
        return None
    return _account("postgres") or _account("diaban") or _create("diaban")


def may_enter(account: Account, folder: Path) -> bool:
    """Whether the account gets into ``folder``, asked of the kernel (modes, groups and ACLs alike)."""
    done = subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **account.as_subprocess())
    return done.returncode == 0


def _account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create(name: str) -> Account:
    command = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        name,
    ]
    made = subprocess.run(command, capture_output=True, check=False) if _has_useradd() else None
    account = _account(name)
    if account is None:
        detail = made.stderr.decode(errors="replace").strip() if made else ""
        raise Stop(
            f"Không tạo được tài khoản {name} cho máy chủ dữ liệu, hãy gõ: {' '.join(command)} {detail}",
            f"The account {name} for the database server could not be made, type: {' '.join(command)}",
        )
    return account


def _has_useradd() -> bool:
    return any(os.path.exists(f"{folder}/useradd") for folder in ("/usr/sbin", "/sbin", "/usr/bin"))
