"""What does a demo product look like? An SVG drawn from its type's silhouette (silhouettes.yaml) and its colour."""

import re
import threading
from functools import lru_cache

import yaml

from catalog.product_types import HERE, silhouettes, type_code
from domain.product import Product
from domain.terms import fold

_COLORS = {
    "black": "#2b2d31", "white": "#f4f3ef", "red": "#c8372d", "blue": "#3272c2", "navy": "#25365e", "green": "#3d8b52", "olive": "#6f7440",
    "gray": "#8b9096", "brown": "#74492c", "tan": "#c69c6d", "beige": "#dccdb2", "pink": "#e889ad", "purple": "#7b50a5", "yellow": "#efc437",
    "orange": "#e47a2c", "teal": "#1f8b8b", "burgundy": "#702136", "gold": "#cba23a", "silver": "#bfc4ca", "cream": "#efe5cf", "khaki": "#a79a6d",
    "charcoal": "#43474d", "lavender": "#b6a3da", "mint": "#a3d8c0", "turquoise": "#35b3ac", "coral": "#ee7b62", "ivory": "#f3ecdb", "tortoise": "#7d4f2a",
    "walnut": "#6b4a33", "oak": "#c39a68", "natural": "#d8bd92", "clear": "#d3e2e8", "copper": "#b8703f", "brass": "#c2a14d", "rose": "#df9aa0",
    "bronze": "#8f6a3d", "terracotta": "#c26b4a", "sage": "#9caf88", "maroon": "#6d2230", "indigo": "#3d4a8a",
}  # fmt: skip
_FIXED = {
    "w": "#fbfaf7", "k": "#26282c", "g": "#b9bfc6", "G": "#7e858d", "b": "#c99b66", "B": "#7d5636", "y": "#ffd978", "n": "#5e9b57", "N": "#386b3c",
    "r": "#c8372d", "u": "#e6d4bd",
}  # fmt: skip
_UNKNOWN = "#5f8f86"
"""Of goods without a colour of their own."""
_GROUND_OF_BRIGHT = ("#d7dfe2", "#b9c5ca")
_STROKE = re.compile(r"^(?P<code>[A-Za-z])(?:(?P<share>\.\d+))?$")


def picture(product: Product) -> str:
    """An SVG of 400 x 400, under 8 KB: the type's drawing in the product's colour, on a soft ground."""
    own = _hex(product.colors[0]) if product.colors else _UNKNOWN
    palette = _palette(own)
    drawn = "".join(_element(stroke, palette) for stroke in _drawing(product.product_id))
    # White goods on a white ground would not be seen.
    ground, lower = _GROUND_OF_BRIGHT if _bright(own) else (_mixed(own, "#ffffff", 0.86), _mixed(own, "#e9e4da", 0.74))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{ground}"/>'
        f'<stop offset="1" stop-color="{lower}"/></linearGradient></defs><rect width="400" height="400" fill="url(#g)"/>'
        f'<ellipse cx="200" cy="322" rx="128" ry="15" fill="#000" opacity=".08"/>{drawn}</svg>'
    )


_BOARD_LOCK = threading.Lock()


def _board() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Every drawing by its name, and the name by type code. Read once, for 0.8 s, however many pictures are asked for at first."""
    with _BOARD_LOCK:
        return _read_board()


@lru_cache(maxsize=1)
def _read_board() -> tuple[dict[str, list[str]], dict[str, str]]:
    table = yaml.load((HERE / "silhouettes.yaml").read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    alias, drawings = table["alias"], table["drawings"]
    return drawings, {code: alias.get(name, name) for code, name in silhouettes().items()}


def _drawing(product_id: str) -> list[str]:
    """The strokes of the product's type; a parcel for what has no drawing."""
    drawings, names = _board()
    return drawings.get(names.get(type_code(product_id), "box")) or drawings["box"]


def _element(stroke: str, palette: dict[str, str]) -> str:
    """One SVG element of one stroke of the pen; the notation stands at the head of silhouettes.yaml."""
    kind, ink, rest = stroke.split(" ", 2)
    match = _STROKE.match(ink)
    color = palette.get(match["code"], _UNKNOWN) if match else _UNKNOWN
    opacity = f' opacity="{match["share"]}"' if match and match["share"] else ""
    if kind == "p":
        return f'<path fill="{color}"{opacity} d="{rest}"/>'
    if kind == "s":
        width, path = rest.split(" ", 1)
        return f'<path fill="none" stroke="{color}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"{opacity} d="{path}"/>'
    numbers = rest.split()
    if kind == "r":
        x, y, width, height, *corner = numbers
        rounded = f' rx="{corner[0]}"' if corner else ""
        return f'<rect x="{x}" y="{y}" width="{width}" height="{height}"{rounded} fill="{color}"{opacity}/>'
    cx, cy, rx, *ry = numbers
    return f'<ellipse cx="{cx}" cy="{cy}" rx="{rx}" ry="{ry[0] if ry else rx}" fill="{color}"{opacity}/>'


def _palette(own: str) -> dict[str, str]:
    """Every ink by its letter: the product's colour and its shades, an accent, and the inks that never change."""
    shades = {
        "c": own, "l": _mixed(own, "#ffffff", 0.28), "d": _mixed(own, "#000000", 0.14 if _bright(own) else 0.2),
        "D": _mixed(own, "#000000", 0.3 if _bright(own) else 0.42), "a": _mixed(own, "#f0a63c", 0.62),
    }  # fmt: skip
    return _FIXED | shades


def _bright(color: str) -> bool:
    return sum(_channels(color)) / 3 > 205


def _hex(color: str) -> str:
    """The ink of a colour's name: its last known word, since "light navy" is a navy."""
    words = [word for word in fold(color).split() if word in _COLORS]
    ink = _COLORS[words[-1]] if words else _UNKNOWN
    if fold(color).startswith(("light ", "pale ", "soft ")):
        return _mixed(ink, "#ffffff", 0.35)
    return _mixed(ink, "#000000", 0.25) if fold(color).startswith(("dark ", "deep ")) else ink


def _mixed(color: str, other: str, share: float) -> str:
    """``share`` of the other colour in this one."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
