"""Where the parties of a circle stand when it is drawn: a spring layout, the same every time for the same circle."""

import numpy as np
import polars as pl

ITERATIONS, ARROW_GAP = 220, 0.055  # rounds of the springs; how far an arrow's head stays from the middle of its party


def compute_positions(names: list[str], ties: list[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Each party's place in the unit square: ties pull, all others push (Fruchterman and Reingold, from a ring)."""
    if len(names) == 1:
        return {names[0]: (0.5, 0.5)}
    index = {name: n for n, name in enumerate(names)}
    turn = 2 * np.pi * np.arange(len(names)) / len(names) + np.pi / 2
    at = 0.5 + 0.4 * np.column_stack([np.cos(turn), np.sin(turn)])
    pull = np.zeros((len(names), len(names)))
    for giver, taker in ties:
        pull[index[giver], index[taker]] = pull[index[taker], index[giver]] = 1
    wish = 0.9 / np.sqrt(len(names))
    for step in range(ITERATIONS):
        apart = at[:, None, :] - at[None, :, :]
        far = np.maximum(np.linalg.norm(apart, axis=2), 1e-3)
        force = wish**2 / far**2 - pull * far / wish
        move = (apart * force[:, :, None]).sum(axis=1)
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9)
        at = at + move / length * np.minimum(length, 0.1 * (1 - step / ITERATIONS))
    low, high = at.min(axis=0), at.max(axis=0)
    spread = max(float((high - low).max()), 1e-6)
    at = 0.5 + (at - (low + high) / 2) / spread
    return {name: (float(at[n, 0]), float(at[n, 1])) for name, n in index.items()}


def compute_arrow_heads(edges: pl.DataFrame) -> pl.DataFrame:
    """[x, y, angle, state] of the heads of [x, y, x2, y2, state]: short of the taker, turned along the line."""
    across, up = pl.col("x2") - pl.col("x"), pl.col("y2") - pl.col("y")
    length = (across**2 + up**2).sqrt()
    return edges.select(
        x=pl.col("x2") - across / length * ARROW_GAP,
        y=pl.col("y2") - up / length * ARROW_GAP,
        angle=pl.arctan2(across, up).degrees(),  # of a mark that points up, turning with the clock
        state="state",
    )
