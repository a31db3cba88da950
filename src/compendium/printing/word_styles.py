"""How the Word document looks: pandoc's own reference document with other styles, made anew at every build."""

from __future__ import annotations

import io
import re
import zipfile
from html import escape

from compendium.printing import pandoc

LANGUAGE = "en-GB"
FAMILY = "Calibri"
"""A face that Word has, and for which LibreOffice has one as wide; the page's own is on few machines."""
INK, MUTED, RULE, BLUE, TINT = "1F2933", "52606D", "CBD2D9", "005A8E", "EEF4F8"
TWIPS = 1440 / 25.4
"""Twentieths of a point in a millimetre."""
PAGE = (210.0, 297.0)
MARGINS = {False: (26.0, 22.0, 22.0, 22.0), True: (26.0, 25.0, 20.0, 25.0)}
"""Millimetres at the top, right, bottom and left of an upright and of a turned page; as in the PDF."""
BUILT_IN = {"BodyText", "Title", "Subtitle", "TOCHeading", "Bibliography", "Hyperlink"}
"""Identifiers of styles that Word itself knows; so are those with names in small letters."""
RUNNING = '<w:headerReference w:type="default" r:id="rIdHead"/><w:footerReference w:type="default" r:id="rIdFoot"/>'
"""What stands at the top and foot of the pages of a section; pandoc keeps the ids of the reference document."""
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def twips(millimetres: float) -> int:
    """Turn millimetres into twentieths of a point."""
    return round(millimetres * TWIPS)


def page_setup(turned: bool) -> str:
    """Write size and margins of a page."""
    width, height = PAGE[::-1] if turned else PAGE
    top, right, bottom, left = map(twips, MARGINS[turned])
    turn = ' w:orient="landscape"' if turned else ""
    margins = f'w:top="{top}" w:right="{right}" w:bottom="{bottom}" w:left="{left}"'
    size = f'<w:pgSz w:w="{twips(width)}" w:h="{twips(height)}"{turn}/>'
    return f'{size}<w:pgMar {margins} w:header="{twips(14)}" w:footer="{twips(11)}" w:gutter="0"/>'


def section_end(turned: bool) -> str:
    """End a section of upright or turned pages."""
    setup = page_setup(turned)
    return f'<w:p><w:pPr><w:pStyle w:val="SectionEnd"/><w:sectPr>{RUNNING}{setup}</w:sectPr></w:pPr></w:p>'


def _style(
    identifier: str, name: str, based_on: str, paragraph: str = "", run: str = "", kind: str = "paragraph"
) -> str:
    """Write a style; parts of a paragraph and of letters have to come in the order of the schema (ECMA-376, 17.3)."""
    custom = "" if name.islower() or identifier in BUILT_IN else ' w:customStyle="1"'
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    shape = f"<w:pPr>{paragraph}</w:pPr>" if paragraph else ""
    letters = f"<w:rPr>{run}</w:rPr>" if run else ""
    named = f'<w:style w:type="{kind}"{custom} w:styleId="{identifier}"><w:name w:val="{name}"/>'
    return f"{named}{base}<w:qFormat/>{shape}{letters}</w:style>"


def _text(size: float, color: str = INK, more: str = "") -> str:
    return f'{more}<w:color w:val="{color}"/><w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'


def _space(before: float, after: float, indent: str = "") -> str:
    """Space in points before and after a paragraph, and how it is indented; lines a little wider than single ones."""
    room = f'w:before="{round(before * 20)}" w:after="{round(after * 20)}"'
    return f'<w:spacing {room} w:line="264" w:lineRule="auto"/>{indent}'


def _edge(side: str, color: str, eighths: int, space: int = 4) -> str:
    return f'<w:{side} w:val="single" w:sz="{eighths}" w:space="{space}" w:color="{color}"/>'


KEEP = "<w:keepNext/><w:keepLines/>"
SHADE = f'<w:shd w:val="clear" w:color="auto" w:fill="{TINT}"/>'


def styles() -> dict[str, str]:
    """Return the styles by identifier that replace or join pandoc's."""
    found = {identifier: _style(identifier, *rest) for identifier, *rest in [*_text_styles(), *_other_styles()]}
    found["Hyperlink"] = _style("Hyperlink", "Hyperlink", "", "", f'<w:color w:val="{BLUE}"/>', "character")
    code = f'<w:i/><w:color w:val="{MUTED}"/>'
    found["VerbatimChar"] = _style("VerbatimChar", "Verbatim Char", "", "", code, "character")
    return {**found, "Table": _table_style()}


def _text_styles() -> list[tuple[str, str, str, str, str]]:
    """Return identifier, name, ancestor, paragraph and letters of the styles of running text, front and headings."""
    rule = f"<w:pBdr>{_edge('top', BLUE, 12, 6)}</w:pBdr>"
    level = '<w:outlineLvl w:val="{}"/>'
    bold = "<w:b/>"
    return [
        ("BodyText", "Body Text", "Normal", _space(0, 6), _text(10)),
        ("FirstParagraph", "First Paragraph", "BodyText", "", ""),
        ("Compact", "Compact", "BodyText", _space(0, 2), ""),
        ("Title", "Title", "Normal", KEEP + _space(40, 6), _text(21, INK, bold)),
        ("Subtitle", "Subtitle", "Normal", KEEP + _space(0, 12), _text(12.5, MUTED)),
        ("Author", "Author", "Normal", KEEP + _space(0, 0), _text(10, INK, bold)),
        ("AbstractTitle", "Abstract Title", "Normal", KEEP + _space(12, 2), _text(10, INK, bold)),
        ("Abstract", "Abstract", "Normal", SHADE + _space(0, 0), _text(9.5)),
        ("TOCHeading", "TOC Heading", "Normal", KEEP + _space(14, 4), _text(12.5, INK, bold)),
        ("TOC1", "toc 1", "Normal", _space(0, 2), _text(10)),
        ("Heading1", "heading 1", "Normal", KEEP + rule + _space(22, 6) + level.format(0), _text(17, INK, bold)),
        ("Heading2", "heading 2", "Normal", KEEP + _space(14, 4) + level.format(1), _text(12.5, INK, bold)),
        ("Heading3", "heading 3", "Normal", KEEP + _space(10, 3) + level.format(2), _text(10.5, INK, bold)),
        ("Bibliography", "Bibliography", "Normal", _space(0, 3, '<w:ind w:left="400" w:hanging="400"/>'), _text(9)),
    ]


def _other_styles() -> list[tuple[str, str, str, str, str]]:
    """Return the same of captions, cells, divisions and running lines."""
    bar = f"<w:pBdr>{_edge('left', BLUE, 18, 8)}</w:pBdr>"
    box = f"<w:pBdr>{''.join(_edge(side, MUTED, 6) for side in ('top', 'left', 'bottom', 'right'))}</w:pBdr>"
    return [
        ("Caption", "caption", "Normal", _space(10, 4), _text(9.5)),
        ("TableCaption", "Table Caption", "Caption", KEEP, ""),
        ("ImageCaption", "Image Caption", "Caption", _space(2, 12), ""),
        ("CaptionedFigure", "Captioned Figure", "Normal", "<w:keepNext/>" + _space(10, 2), ""),
        ("TableText", "Table Text", "Normal", '<w:spacing w:before="20" w:after="20"/>', _text(8)),
        ("TableHead", "Table Head", "TableText", "<w:keepNext/>", "<w:b/>"),
        ("Computed", "Computed", "BodyText", bar + _space(2, 8, '<w:ind w:left="200"/>'), ""),
        ("Boxed", "Boxed", "BodyText", box, ""),
        ("Omitted", "Omitted", "BodyText", SHADE + _space(8, 3), _text(9)),
        ("MadeBy", "Made By", "BodyText", "", _text(9, MUTED)),
        ("SectionEnd", "Section End", "Normal", _space(0, 0), _text(1)),
        ("Header", "header", "Normal", f"<w:pBdr>{_edge('bottom', RULE, 4)}</w:pBdr>", _text(8, MUTED)),
        ("Footer", "footer", "Normal", '<w:jc w:val="center"/>', _text(8, MUTED)),
    ]


def _table_style() -> str:
    lines = _edge("top", INK, 8, 0) + _edge("bottom", RULE, 4, 0) + _edge("insideH", RULE, 4, 0)
    cell = "".join(f'<w:{side} w:w="{twips(1.5)}" w:type="dxa"/>' for side in ("left", "right"))
    head = f"<w:tcBorders>{_edge('bottom', INK, 6, 0)}</w:tcBorders>"
    return (
        '<w:style w:type="table" w:customStyle="1" w:styleId="Table"><w:name w:val="Table"/>'
        f"<w:qFormat/><w:tblPr><w:tblBorders>{lines}</w:tblBorders><w:tblCellMar>{cell}</w:tblCellMar></w:tblPr>"
        "<w:trPr><w:cantSplit/></w:trPr>"
        f'<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr>{head}</w:tcPr></w:tblStylePr></w:style>'
    )


def reference(head: str) -> bytes:
    """Make the reference document.

    Parameters
    ----------
    head
        What stands at the top of every page.

    Returns
    -------
    bytes
        A Word document whose styles, page and running lines pandoc takes over.
    """
    default = pandoc.run(["--print-default-data-file", "reference.docx"])
    with zipfile.ZipFile(io.BytesIO(default)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    for name, change in (
        ("word/styles.xml", _with_styles),
        ("word/document.xml", _with_page),
        ("word/_rels/document.xml.rels", _with_relations),
        ("[Content_Types].xml", _with_types),
    ):
        parts[name] = change(parts[name].decode("utf-8")).encode()
    field = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{}</w:instrText></w:r>'
    field += '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    text = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
    parts["word/header1.xml"] = _running("hdr", "Header", text.format(escape(head)))
    pages = field.format("PAGE") + text.format(" / ") + field.format("NUMPAGES")
    parts["word/footer1.xml"] = _running("ftr", "Footer", pages)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name, part in parts.items():
            target.writestr(zipfile.ZipInfo(name), part)
    return made.getvalue()


def _running(element: str, style: str, runs: str) -> bytes:
    paragraph = f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<w:{element} {_W} {_R}>{paragraph}</w:{element}>'.encode()


def _with_styles(text: str) -> str:
    """Exchange the styles; the faces stand in the defaults, so that every style has them."""
    for identifier in styles():
        text = re.sub(rf'<w:style\b[^>]*w:styleId="{identifier}">.*?</w:style>', "", text, flags=re.DOTALL)
    faces = f'<w:rFonts w:ascii="{FAMILY}" w:hAnsi="{FAMILY}" w:cs="{FAMILY}" w:eastAsia="{FAMILY}"/>'
    text = re.sub(r"(<w:rPrDefault>.*?)<w:rFonts.*?/>", rf"\1{faces}", text, count=1, flags=re.DOTALL)
    text = re.sub(r"<w:rFonts [^>]*(?:majorHAnsi|minorHAnsi|Consolas)[^>]*/>", "", text)
    text = re.sub(r'<w:lang [^>]*w:val="en-US"|<w:lang w:val="en-US"', f'<w:lang w:val="{LANGUAGE}"', text)
    return text.replace("</w:styles>", "".join(styles().values()) + "</w:styles>")


def _with_page(text: str) -> str:
    section = f"<w:sectPr>{RUNNING}{page_setup(False)}</w:sectPr></w:body>"
    return re.sub(r"<w:sectPr\b.*</w:body>", section, text, count=1, flags=re.DOTALL)


def _with_relations(text: str) -> str:
    made = f'<Relationship Id="rIdHead" Type="{_OFFICE}/header" Target="header1.xml"/>'
    made += f'<Relationship Id="rIdFoot" Type="{_OFFICE}/footer" Target="footer1.xml"/>'
    return text.replace("</Relationships>", f"{made}</Relationships>")


def _with_types(text: str) -> str:
    made = f'<Override PartName="/word/header1.xml" ContentType="{_TYPE}.header+xml"/>'
    made += f'<Override PartName="/word/footer1.xml" ContentType="{_TYPE}.footer+xml"/>'
    return text.replace("</Types>", f"{made}</Types>")
