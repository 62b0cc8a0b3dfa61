"""Who may include whom, as data: tools/check reads it. The reasons stand in docs/ARCHITECTURE.md.

A folder may include itself, `base`, and what stands under `folders` (a whole folder, or single
headers of it). `libraries` are third-party headers by prefix, each with the files of the folder
that may include it.
"""

ANYWHERE = "*"
SOURCES = "*.cc"  # not in headers: whoever includes our header must not have to know the library

RULES = {
    "base": {
        "folders": [],
        "libraries": {
            "boost/outcome": ANYWHERE,
            "spdlog/": ANYWHERE,
            "fmt/": ANYWHERE,
            "prometheus/": ANYWHERE,
            "openssl/": SOURCES,
        },
    },
    "ws": {
        "folders": [],
        # The handshake's SHA-1 is OpenSSL's.
        "libraries": {"zlib.h": "deflate*.cc", "openssl/": SOURCES},
    },
    "wire": {"folders": [], "libraries": {"simdjson.h": SOURCES}},
    # A room encodes the finished frame, once for all members.
    "room": {"folders": ["ws/frame.h"], "libraries": {}},
    "session": {"folders": ["wire", "room"], "libraries": {"openssl/": SOURCES}},
    "store": {
        "folders": ["room/message_log.h", "room/block.h"],
        "libraries": {
            "rocksdb/": "rocks/*.cc",
            "hiredis/": "redis/*.cc",
            "mongoc": "mongo/*.cc",
            "bson": "mongo/*.cc",
            "boost/asio": "redis/*",
            "boost/system": "redis/*",
            "openssl/": "redis/*.cc",
        },
    },
    "shard": {"folders": ["room"], "libraries": {"boost/asio": ANYWHERE, "boost/system": ANYWHERE}},
    "net": {
        "folders": ["ws", "wire", "session", "shard", "room"],
        "libraries": {
            "boost/asio": ANYWHERE,
            "boost/system": ANYWHERE,
            "boost/beast": SOURCES,
            "openssl/": ANYWHERE,
        },
    },
    "admin": {
        "folders": ["shard", "room"],
        "libraries": {
            "boost/asio": ANYWHERE,
            "boost/system": ANYWHERE,
            "boost/beast": ANYWHERE,
            "nlohmann/": SOURCES,
            "prometheus/": SOURCES,
        },
    },
    "cli": {
        "folders": [
            "ws",
            "wire",
            "store",
            "net",
            "session/jwt_signer.h",
            "room/block.h",
            "room/message_log.h",
        ],
        "libraries": {
            "boost/asio": ANYWHERE,
            "boost/system": ANYWHERE,
            "boost/beast": SOURCES,
            "openssl/": SOURCES,
            "CLI/": ANYWHERE,
            "nlohmann/": SOURCES,
            "fmt/": SOURCES,
        },
    },
    "app": {
        "folders": ["ws", "wire", "room", "session", "store", "shard", "net", "admin", "cli"],
        "libraries": {
            "boost/asio": ANYWHERE,
            "boost/system": ANYWHERE,
            "CLI/": ANYWHERE,
            "toml++/": SOURCES,
            "fmt/": SOURCES,
            "nlohmann/": SOURCES,
            "openssl/": SOURCES,
        },
    },
}

# Besides that, a unit test may include these libraries, and these folders.
TEST_LIBRARIES = ("gtest/", "gmock/", "nlohmann/")
TEST_FOLDERS = {
    "room": ["store/memory"],
    "session": ["store/memory"],
    "shard": ["store/memory"],
    "net": ["store/memory"],
    "admin": ["store/memory", "net"],
}

# Headers that only tests include, besides what is named *_test.
FOR_TESTS = ("testing.h", "contract.h", "temporary_directory.h")


def is_for_tests(path):
    return path.name in FOR_TESTS or path.parent.name == "testing"


# What stands in angle brackets with a slash and is the system's own.
SYSTEM = (
    "sys/",
    "netinet/",
    "arpa/",
    "linux/",
    "net/",
    "sanitizer/",
    "asm/",
    "bits/",
    "experimental/",
)
# What stands in angle brackets without a slash and is a library's.
FLAT_LIBRARIES = ("zlib.h", "simdjson.h", "mongoc", "bson", "gtest", "gmock")
