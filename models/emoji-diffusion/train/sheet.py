"""Pictures with their prompts under them, eight a row."""

import textwrap

from PIL import Image, ImageDraw, ImageFont

SIDE, TEXT, ROW = 128, 30, 8


def sheet(prompts, pictures):
    rows = (len(prompts) + ROW - 1) // ROW
    image = Image.new("RGB", (ROW * (SIDE + 8), rows * (SIDE + TEXT)), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for place, (prompt, picture) in enumerate(zip(prompts, pictures)):
        x, y = place % ROW * (SIDE + 8) + 4, place // ROW * (SIDE + TEXT)
        image.paste(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC), (x, y))
        words = "\n".join(textwrap.wrap(prompt, 24)[:2])
        pen.multiline_text((x + SIDE / 2, y + SIDE), words, "black", font, "ma", 1, "center")
    return image
