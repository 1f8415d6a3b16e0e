"""z0-z14 of the plots into PMTiles: ours from the database with its ladder, tippecanoe from a file."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import psycopg

from benchmarks import own
from benchmarks.tiling.servers import ROOT

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from geo.settings import Settings


def pyramid(settings: Settings, options: argparse.Namespace, folder: Path) -> None:
    """z0-z14 of the plots into PMTiles: ours from the database with its ladder, tippecanoe from a file."""
    environment = os.environ | own.environment(settings)
    ours = [str(ROOT / "diaban"), "tiles", "export", "land_use", "-o", str(folder / "ours.pmtiles")]
    begun = time.monotonic()
    subprocess.run([*ours, "--to", "14"], cwd=ROOT, env=environment, check=True)
    own_s = time.monotonic() - begun
    print(f"Diaban: {own_s:.1f} s, {(folder / 'ours.pmtiles').stat().st_size / 1e6:.1f} MB")
    if not options.peers:
        return
    source = folder / "plots.geojsonl"
    with psycopg.connect(settings.admin_dsn) as connection, source.open("wb") as file:
        rows = (
            "COPY (SELECT json_build_object('type', 'Feature', 'properties', json_build_object('code', code,"
            " 'parcel', parcel), 'geometry', ST_AsGeoJSON(geom, 7)::json) FROM pub.land_use) TO STDOUT"
        )
        with connection.cursor().copy(rows) as copy:
            for data in copy:
                file.write(bytes(data).replace(b"\\\\", b"\\"))
    tippecanoe = [str(options.peers / "bin/tippecanoe"), "-q", "-P", "-l", "land_use", "-Z0", "-z14"]
    # Without it, it ends at the first tile of more than 500 KB.
    tippecanoe += ["--drop-densest-as-needed"]
    begun = time.monotonic()
    subprocess.run([*tippecanoe, "-o", str(folder / "theirs.pmtiles"), str(source)], check=True)
    theirs_s = time.monotonic() - begun
    size = (folder / "theirs.pmtiles").stat().st_size / 1e6
    print(f"tippecanoe: {theirs_s:.1f} s, {size:.1f} MB; {theirs_s / own_s:.2f} times ours")
