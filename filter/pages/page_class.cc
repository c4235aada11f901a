#include "filter/pages/page_class.h"

namespace kdump {

const char* page_class_name(PageClass page_class) {
  switch (page_class) {
    case PageClass::absent:
      return "absent";
    case PageClass::other:
      return "other";
    case PageClass::slab:
      return "slab";
    case PageClass::free:
      return "free";
    case PageClass::unaccepted:
      return "unaccepted";
    case PageClass::cache:
      return "cache";
    case PageClass::cache_private:
      return "cache_private";
    case PageClass::user:
      return "user";
    case PageClass::hwpoison:
      return "hwpoison";
    case PageClass::offline:
      return "offline";
  }
  return "unknown";
}

}  // namespace kdump
