"""Normalisation: match keys for names, readings and addresses, beside the raw value, never in its place."""

from kodomo.normalize.address_columns import AddressColumns, address_columns
from kodomo.normalize.addresses import (
    Address,
    Gazetteer,
    address_parts,
    address_parts_many,
    learn_towns,
    listed_towns,
    same_dwelling_key,
)
from kodomo.normalize.kana import kana_key, kana_keys, phonetic_key, phonetic_keys
from kodomo.normalize.names import (
    is_kana,
    is_latin,
    is_mojibake,
    is_transliteration,
    latin_key,
    loose_key,
    loose_keys,
    name_key,
    name_keys,
    name_parts,
    romaji_skeleton,
    split_name,
    unknown_characters,
)
from kodomo.normalize.search import search_key, search_keys

__all__ = [
    "Address",
    "AddressColumns",
    "Gazetteer",
    "address_columns",
    "address_parts",
    "address_parts_many",
    "is_kana",
    "is_latin",
    "is_mojibake",
    "is_transliteration",
    "kana_key",
    "kana_keys",
    "latin_key",
    "learn_towns",
    "listed_towns",
    "loose_key",
    "loose_keys",
    "name_key",
    "name_keys",
    "name_parts",
    "phonetic_key",
    "phonetic_keys",
    "romaji_skeleton",
    "same_dwelling_key",
    "search_key",
    "search_keys",
    "split_name",
    "unknown_characters",
]
