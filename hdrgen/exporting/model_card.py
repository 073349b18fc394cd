"""The model card beside a file of weights: what is known is filled in, what only its maker knows is asked for."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from hdrgen.weights import read_card, with_facts

LATER = "not said yet"
"""What stands where the maker of the weights is to write."""


def model_card(place: Path, card: dict[str, Any], content: bytes) -> str:
    """The text of a model card.

    Args:
        place: Where it goes. A card that is there keeps its text; what the file of weights decides is set anew.
        card: What is known of the method, as `describe` has it.
        content: The file of weights.

    Raises:
        InputError: What is there is no card.
    """
    facts = {
        "method": card["method"],
        "parameters": card["parameters"],
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return with_facts(read_card(place).text if place.is_file() else _draft(place.stem, card), facts)


def _draft(name: str, card: dict[str, Any]) -> str:
    said = {"about": card["about"], "score": LATER, "terms": LATER}
    facts = yaml.safe_dump(said, sort_keys=False, width=10_000, allow_unicode=True)
    made = card["made_by"]
    training = json.dumps({key: value for key, value in card["training"].items() if key != "optimizer"})
    data = yaml.safe_dump(card["data"], sort_keys=False) if card["data"] else f"{LATER}\n"
    return f"""---
{facts}---
# {name}

{card["about"]}

- Method: `{card["method"]}`.
- Paper: {card["paper"] or "none"}
- Made by hdrgen {made["hdrgen"]}, commit {made["commit"]}; training: `{training}`.

## Data, with names and terms

```yaml
{data}```

## Recipe

`hdrgen fit ...`: {LATER}

## Scores, with protocol

{LATER}

## What it is bad at

{LATER}

## Licence

{LATER}
"""
