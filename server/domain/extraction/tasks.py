"""What the contact wants done with words that are not meant: translated, put right, made up."""

import re
from typing import Final, Literal

_PLEASE: Final = (
    r"^\W*(?:(?:hey|hi|hello|ok|okay|so|and|now|please|pls|just)\b[,!]?\s*)*"
    r"(?:(?:can|could|would|will) you (?:please )?|I (?:want|need) you to )?"
)
_TEXT: Final = re.compile(
    rf"{_PLEASE}(?:translate|rewrite|rephrase|reword|paraphrase|proofread|proof read|summari[sz]e|"
    r"spell ?check|correct|check|fix|edit)\b"
    r"(?:\s*:| (?:(?:this|the following|these|the|my|following|below|into|to|for me|in)\b)(?!.*\bfor a living\b))",
    re.IGNORECASE,
)
_CHECKED: Final = re.compile(r"\b(?:correct|check|fix|edit)\b", re.IGNORECASE)
_OF_WORDS: Final = re.compile(
    r":|\b(?:text|sentences?|grammar|spelling|essay|paragraph|email|letter|translation|following)\b", re.IGNORECASE
)
_TALE: Final = re.compile(
    rf"{_PLEASE}(?:write|compose|make up|invent|tell|create|draft|give|continue|imagine)\b"
    r"(?: (?:me|us))?(?: (?:an?|the|another|some|this|my))?"
    r"(?: [\w-]+){0,3}? "
    r"(?:stor(?:y|ies)|tales?|poems?|songs?|lyrics|novel|scene|script|dialogues?|limericks?|haikus?|jokes?|scenario|"
    r"screenplay|fan ?fiction|fiction|raps?)\b",
    re.IGNORECASE,
)


def task_in(sentence: str) -> Literal["text", "tale"] | None:
    """Whether a sentence asks for work on words: "text" that is given with it or after it, or a "tale" it describes."""
    if (asked := _TEXT.match(sentence)) and (_CHECKED.search(asked[0]) is None or _OF_WORDS.search(sentence)):
        return "text"
    return "tale" if _TALE.match(sentence) else None
