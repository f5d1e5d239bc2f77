"""Messages as people write them: words from one small trade, every fifth with Markdown, the same in every run."""

import random
from collections.abc import Iterator

WORDS = """
alumina apron ash ball banding barium basket bat batch bisque blade blister bowl brush burnish calcium carve casting
celadon centring chuck clay coil cone copper crackle crawl crazing cup damp decal dip dry earthenware edge engobe
extrude feldspar fire flange flux foot frit gas glaze greenware grog handle heat iron jug kaolin kiln knead lid lip lug
lustre majolica manganese matte mesh mould mug neck oxide paddle paste peel petalite pinch plate porcelain pot pour
press pug quartz raku reclaim reduction rib rim rutile saggar salt score scrape sgraffito shard shelf shrink sieve
silica slab slip slurry soak soda spout sprig stain stamp stoneware talc teapot tenmoku thermocouple throw tile titanium
trail trim turn vase vitrify wall warp wax wedge wheel zinc
""".split()  # noqa: SIM905 - as a list it would be a page
SMALL = "a and at for from in into is it my of on so that the then to was with you".split()  # noqa: SIM905
SHORTEST, LONGEST, SEED = 6, 40, 7


def texts(seed: int = SEED) -> Iterator[str]:
    """Without end."""
    dice = random.Random(seed)
    while True:
        words = [dice.choice(WORDS if place % 2 else SMALL) for place in range(dice.randint(SHORTEST, LONGEST))]
        yield _dressed(words, dice) if dice.randrange(5) == 0 else " ".join(words).capitalize() + "."


def questions(count: int, seed: int = SEED) -> list[str]:
    """What people look for: two words, of which the second may be begun."""
    dice = random.Random(seed)
    pairs = [dice.sample(WORDS, 2) for _ in range(count)]
    return [f"{first} {second[: dice.randint(3, len(second))]}" for first, second in pairs]


def _dressed(words: list[str], dice: random.Random) -> str:
    """With emphasis, an address and a list, as those write who know how."""
    words[dice.randrange(len(words))] = f"**{dice.choice(WORDS)}**"
    return " ".join(words) + f"\n\n- see [the notes](https://notes.example/{dice.randrange(999)})\n- `{words[-1]}`"
