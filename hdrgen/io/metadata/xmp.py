"""XMP without what it says of developing: what another picture than the one that it was written for may carry."""

from collections.abc import Iterator
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError

from hdrgen.errors import InputError

ANY = "*"
OF_THE_PIXELS = (
    ("http://darktable.sf.net/", ANY),  # its history, masks and modules, which it would apply
    ("http://ns.adobe.com/camera-raw-settings/1.0/", ANY),  # crs: exposure, tone curve, crop
    ("http://ns.adobe.com/camera-raw-saved-settings/1.0/", ANY),
    ("http://ns.adobe.com/camera-raw-embedded-lens-profile/1.0/", ANY),
    ("http://ns.adobe.com/tiff/1.0/", "Orientation"),  # by which an upright picture would be turned once more
    ("http://ns.adobe.com/photoshop/1.0/", "SidecarForExtension"),  # of the camera's file
)
"""Namespace and name of what is about the pixels of the file that it was written for, or about that file."""
CODES = ("utf-8", "utf-16-le", "utf-16-be")
"""In which XMP may be written."""
METADATA = ("colorlabels",)
"""Of darktable's names: what is none of it, a label that a person chose."""
_XMLNS = "http://www.w3.org/2000/xmlns/"
LARGEST = 2**24
"""Bytes: histories with drawn masks have some hundred kilobytes."""


def metadata_of(content: bytes) -> bytes | None:
    """What is metadata of an XMP packet: rating, words, place, rights; byte for byte as it was, where that is all.

    Args:
        content: Of a sidecar.

    Returns:
        None where nothing is left.

    Raises:
        InputError: It has such settings, and is no XML out of which they could be taken.
    """
    if not any(_says(content, uri) for uri, _ in OF_THE_PIXELS):
        return content
    if len(content) > LARGEST or _says(content, "<!DOCTYPE"):
        raise InputError("expected plain XMP of at most 16 MB")
    try:
        document = minidom.parseString(content)
        elements = list(document.getElementsByTagNameNS(ANY, ANY))
        if not sum(map(_without_settings, elements)):
            return content
        return document.toxml(encoding="utf-8") if any(map(_says_something, elements)) else None
    except (ExpatError, ValueError, RecursionError) as error:
        raise InputError(f"expected XML, {error}") from error


def _says(content: bytes, words: str) -> bool:
    return any(words.encode(code) in content for code in CODES)


def _is_setting(node: Any) -> bool:
    uri, name = node.namespaceURI, node.localName
    return any(uri == own and wanted in (ANY, name) for own, wanted in OF_THE_PIXELS) and name not in METADATA


def _without_settings(element: Any) -> int:
    """Take them out of one element; how many there were."""
    attributes = [attribute for attribute in element.attributes.values() if _is_setting(attribute)]
    children = [child for child in element.childNodes if child.nodeType == child.ELEMENT_NODE and _is_setting(child)]
    for attribute in attributes:
        element.removeAttributeNode(attribute)
    for child in children:
        before = child.previousSibling
        if before is not None and before.nodeType == before.TEXT_NODE and not before.data.strip():
            element.removeChild(before)
        element.removeChild(child)
    return len(attributes) + len(children)


def _says_something(element: Any) -> bool:
    """Whether a description has a property left, as an attribute or as an element."""
    return element.localName == "Description" and any(_properties(element))


def _properties(element: Any) -> Iterator[Any]:
    named = (attribute for attribute in element.attributes.values() if attribute.namespaceURI != _XMLNS)
    yield from (attribute for attribute in named if attribute.localName != "about")
    yield from (child for child in element.childNodes if child.nodeType == child.ELEMENT_NODE)
