// What is read of a report.json, whatever it contains.
#include "init/capture/report/json_text.h"

#include <doctest/doctest.h>

#include "init/capture/report/json.h"

using namespace kdump;

TEST_CASE("a member of the outermost object is found, and no other") {
  constexpr char kReport[] =
      R"({"kernel" : "6.1", "a": {"host": "inner"}, "b": ["host", "x"], "host":"outer", "n": 1})";
  CHECK(json_member_text(kReport, "kernel") == "6.1");
  CHECK(json_member_text(kReport, "host") == "outer");
  CHECK(!json_member_text(kReport, "n"));
  CHECK(!json_member_text(kReport, "a"));
  CHECK(!json_member_text(kReport, "outer"));
  CHECK(!json_member_text("", "kernel"));
}

TEST_CASE("what was written is read, whatever bytes it had") {
  const std::string odd = "a\"b\\c\n\x1b[2J\x7f \xc3\xa9 \xe2\x82\xac";
  JsonWriter json;
  json.begin_object();
  json.text("key", odd);
  json.end_object();
  CHECK(json_member_text(json.take(), "key") == odd);
}

TEST_CASE("what is no JSON gives nothing, and ends") {
  for (const char* text :
       {"{\"key\"", "{\"key\":", "{\"key\": \"", "{\"key\": \"\\", "{\"key\": \"\\u12",
        "{\"key\": \"\\u12zz\"}", "{\"key\": \"\\x\"}", "]]]]\"key\": \"x\"", "\"\\"}) {
    CAPTURE(text);
    CHECK(!json_member_text(text, "key"));
  }
  CHECK(!json_member_text(std::string(100'000, '['), "key"));
  CHECK(!json_member_text(std::string(100'000, '"'), "key"));
}
