"""The symbols of a crashed x86_64 kernel, from the table in a raw vmcore: the tests' own reading of
it, all names at once. Kernels until 6.14, which is what the tests need: addresses relative to a
base below zero, absolute ones from zero on.
"""

import struct


def read_symbols(info, memory):
    """name -> address; of names that several symbols share the first."""
    def at(name):
        return int(info[f"SYMBOL({name})"], 16)

    (count,) = struct.unpack("<I", memory.read(at("kallsyms_num_syms"), 4))
    (base,) = struct.unpack("<Q", memory.read(at("kallsyms_relative_base"), 8))
    offsets = struct.unpack(f"<{count}i", memory.read(at("kallsyms_offsets"), 4 * count))
    index = struct.unpack("<256H", memory.read(at("kallsyms_token_index"), 512))
    table = memory.read(at("kallsyms_token_table"), index[255] + 64)
    tokens = [table[begin:table.index(b"\0", begin)] for begin in index]
    # The address table's other end bounds the names, whichever way round the two lie.
    names = memory.read(at("kallsyms_names"), at("kallsyms_token_table") - at("kallsyms_names"))
    symbols, place = {}, 0
    for offset in offsets:
        size = names[place]
        place += 1
        if size & 0x80:
            size = size & 0x7F | names[place] << 7
            place += 1
        name = b"".join(tokens[code] for code in names[place:place + size])[1:].decode()
        place += size
        symbols.setdefault(name, offset if offset >= 0 else base - 1 - offset)
    return symbols
