// JSON that stays JSON whatever is written into it.
#include "init/capture/report/json.h"

#include <doctest/doctest.h>

using namespace kdump;

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("strings are escaped") {
  CHECK(quoted("plain") == R"("plain")");
  CHECK(quoted("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(quoted(std::string_view("\n\t\0\x1b\x7f", 5)) == R"("\u000a\u0009\u0000\u001b\u007f")");
}

TEST_CASE("UTF-8 passes, what is not becomes the replacement character") {
  CHECK(quoted("grün €𝄞") == "\"grün €𝄞\"");
  CHECK(quoted("\xc2\x9b\xc2\x80\xc2\x9f\xc2\xa0\xc3\x9b") ==
        "\"\\u009b\\u0080\\u009f\xc2\xa0\xc3\x9b\"");
  CHECK(quoted("\xff") == R"("\ufffd")");
  CHECK(quoted("a\xc3") == R"("a\ufffd")");
  CHECK(quoted("\xc0\xaf") == R"("\ufffd\ufffd")");            // overlong
  CHECK(quoted("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");  // a surrogate
  CHECK(quoted("\xf4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");
  CHECK(quoted("\xe2\x82") == R"("\ufffd\ufffd")");  // cut off
}

TEST_CASE("objects, arrays and all kinds of values nest") {
  JsonWriter json;
  json.begin_object();
  json.text("name", "x");
  json.begin_object("pages");
  json.number("total", UINT64_MAX);
  json.signed_number("level", -5);
  json.end_object();
  json.begin_array("warnings");
  json.end_array();
  json.begin_array("list");
  json.text(nullptr, "a");
  json.text(nullptr, "b");
  json.end_array();
  json.milliseconds("plan", 1234);
  json.milliseconds("write", 7);
  json.boolean("whole", true);
  json.null("error");
  json.end_object();
  CHECK(json.take() == R"({
  "name": "x",
  "pages": {
    "total": 18446744073709551615,
    "level": -5
  },
  "warnings": [],
  "list": [
    "a",
    "b"
  ],
  "plan": 1.234,
  "write": 0.007,
  "whole": true,
  "error": null
}
)");
}
