"""docker-compose.yml: valid, and safe where a mistake would be silent."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as data."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return loaded


def test_docker_accepts_it() -> None:
    docker = shutil.which("docker") or "docker"
    try:
        subprocess.run([docker, "compose", "version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("docker compose is not installed here")
    done = subprocess.run(
        [docker, "compose", "-f", str(FILE), "config", "-q"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nginx_accepts_its_configuration(compose: dict[str, Any], tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not installed here")
    text = (
        nginx_text(compose)
        .replace("app:8000", "127.0.0.1:8000")
        .replace("listen 80", "listen 127.0.0.1:8080")
    )
    text = text.replace("/var/cache/nginx/diaban", str(tmp_path / "cache"))
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off;\n{text}\n}}")
    done = subprocess.run([nginx, "-t", "-c", str(whole)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def nginx_text(compose: dict[str, Any]) -> str:
    """The web server's configuration as it reaches the container."""
    content: str = compose["configs"]["nginx"]["content"]
    assert not re.search(r"(?<!\$)\$(?!\$)", content), "a single dollar would be replaced by compose"
    return content.replace("$$", "$")


def test_no_secret_is_in_the_file(compose: dict[str, Any]) -> None:
    for secret in compose["secrets"].values():
        assert set(secret) == {"file"}
    for service in compose["services"].values():
        for name, value in (service.get("environment") or {}).items():
            sensitive = re.search(r"PASSWORD|SECRET|URL", name)
            assert not sensitive or str(value).startswith(("/run/secrets/", "${")), name


def test_only_the_web_server_is_reachable_and_all_have_health_checks(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    assert all("healthcheck" in service for service in services.values())


def test_answers_to_signed_in_people_are_never_stored(compose: dict[str, Any]) -> None:
    text = nginx_text(compose)
    assert "map $http_authorization $signed_in" in text
    assert "proxy_no_cache $signed_in;" in text
    assert "proxy_cache_bypass $signed_in;" in text
    locations = re.findall(r"location[^{]*\{[^}]*\}", text)
    for location in locations:
        # A location with a list of its own would not inherit these.
        assert "proxy_no_cache" not in location
        assert "proxy_cache_bypass" not in location
    assert "proxy_cache diaban" not in next(part for part in locations if part.startswith("location /api/"))


def test_map_data_is_never_served_stale_while_updating(compose: dict[str, Any]) -> None:
    found = re.search(r"location ~ \^/\(tiles\|ogc\).*?\n\s*\}\n", nginx_text(compose), re.DOTALL)
    assert found is not None
    assert "updating" not in found[0]
    assert "background_update" not in found[0]


def test_every_room_is_in_the_image(compose: dict[str, Any]) -> None:
    recipe = compose["services"]["app"]["build"]["dockerfile_inline"]
    for room in ("layers", "geo", "tiles", "etl", "api", "cli"):
        assert f"COPY {room} ./{room}" in recipe


def test_every_setting_exists() -> None:
    from geo.settings import Settings

    known = {f"DIABAN_{name.upper()}" for name in Settings.model_fields}
    own = {"DIABAN_PREPARED", "DIABAN_UP_OPTIONS", "DIABAN_PORT"}
    assert set(re.findall(r"DIABAN_[A-Z_]+", FILE.read_text("utf-8"))) <= known | own
