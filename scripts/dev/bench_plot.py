"""An SVG of time against size: a point a setting, lower and further left is better. Both axes are
logarithmic, for settings differ by factors.
"""

import html
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 900, 560, 70, 50, 50, 210
COLOURS = {"kdump-init": "#0b6e4f", "makedumpfile": "#b3541e"}


class Axis:
    """Values to pixels; its ticks are 1, 2 and 5 times powers of ten."""

    def __init__(self, values, begin, end):
        self.low, self.high = math.log(min(values) / 1.15), math.log(max(values) * 1.15)
        self.begin, self.end = begin, end

    def at(self, value):
        share = (math.log(value) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self):
        values = [digit * 10.0 ** power for power in range(-4, 8) for digit in (1, 2, 5)]
        return [value for value in values if self.low <= math.log(value) <= self.high]


def text(x, y, content, anchor="start", more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {more}>{html.escape(content)}</text>'


def labels(points):
    """Moved apart downwards where they would lie on each other."""
    taken = []
    for x, y, name, colour in sorted(points, key=lambda point: point[1]):
        while any(abs(x - other_x) < 190 and abs(y - other_y) < 13 for other_x, other_y in taken):
            y += 3
        taken.append((x, y))
        yield text(x + 8, y + 4, name, more=f'fill="{colour}"')


def write(path, title, found):
    """found: {"program setting": Measured}."""
    found = {name: each for name, each in found.items() if each.size and each.cpu}
    x = Axis([each.size / 1e6 for each in found.values()], LEFT, WIDTH - RIGHT)
    y = Axis([each.cpu for each in found.values()], HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           text(LEFT, 24, title, more='font-size="16"'),
           text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "size of the dump, MB", "middle"),
           text(LEFT - 50, TOP - 12, "CPU seconds")]
    for value in x.ticks():
        at = x.at(value)
        out += [f'<path d="M{at:.0f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>',
                text(at, HEIGHT - BOTTOM + 18, f"{value:g}", "middle")]
    for value in y.ticks():
        at = y.at(value)
        out += [f'<path d="M{LEFT} {at:.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
                text(LEFT - 8, at + 4, f"{value:g}", "end")]
    points = [(x.at(each.size / 1e6), y.at(each.cpu), name,
               next(colour for program, colour in COLOURS.items() if name.startswith(program)))
              for name, each in found.items()]
    out += [f'<circle cx="{px:.0f}" cy="{py:.0f}" r="4" fill="{colour}"/>'
            for px, py, _, colour in points]
    path.write_text("\n".join([*out, *labels(points), "</svg>"]) + "\n")
