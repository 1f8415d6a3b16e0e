"""What the tile room tells ``/metrics``."""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "diaban_tile_requests",
    "Tiles asked for: hit (in memory), replica (on disk), miss (rendered), joined (waited for one).",
    ["layer", "cache"],
)
PURGED = Counter("diaban_tile_purged", "Tiles forgotten because an edit touched them.", ["layer"])
SERVED_BYTES = Counter("diaban_tile_served_bytes", "Bytes of tiles sent, as sent.")
CACHE_BYTES = Gauge("diaban_tile_cache_bytes", "Bytes held by the tile caches of this worker.", ["cache"])
REPLICA_BYTES = Gauge(
    "diaban_tile_replica_bytes", "Of tiles drawn ahead that this worker has copied to its disk."
)
REPLICA_MISSING = Gauge(
    "diaban_tile_replica_missing", "Tiles that are or will be drawn ahead and are not on this worker's disk."
)
ABANDONED = Counter("diaban_tile_abandoned", "Renderings cancelled because everyone who waited had left.")
REFUSED = Counter("diaban_tile_refused", "Renderings refused: queue full or waited too long.", ["reason"])
RENDER_SECONDS = Histogram(
    "diaban_tile_render_seconds",
    "Time to render one layer of a tile, waiting for admission included.",
    ["layer"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WAITING = Gauge("diaban_tile_renders_waiting", "Renderings that wait for admission.")


@lru_cache(maxsize=1_024)
def requests(layer: str, cache: str) -> Counter:
    """One of :data:`REQUESTS`: finding it by its labels takes as long as finding the tile."""
    return REQUESTS.labels(layer, cache)
