# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the libraries that the product runs with, where two of them rightly do different things."""
import ctypes
import ctypes.util
import functools


@functools.cache
def libwebsockets():
    """(4, 1) of Debian 12, (4, 3) of Debian 13: this machine's, which the product is linked with."""
    library = ctypes.CDLL(ctypes.util.find_library("websockets"))
    library.lws_get_library_version.restype = ctypes.c_char_p
    major, minor, *_ = library.lws_get_library_version().decode().split(".")
    return int(major), int(minor)
