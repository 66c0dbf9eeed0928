#include "app/pages/docs_files.h"

// The build packs the files into the folder STARLING_DOCS_FOLDER; the assembler puts them into the program as they are.
#define STARLING_DOCS_FILE(name, file)                                     \
  __asm__(                                                                 \
      ".pushsection .rodata, \"a\"\n"                                      \
      ".globl starling_docs_" #name "\n.hidden starling_docs_" #name       \
      "\n"                                                                 \
      ".globl starling_docs_" #name "_end\n.hidden starling_docs_" #name   \
      "_end\n"                                                             \
      "starling_docs_" #name ":\n.incbin \"" STARLING_DOCS_FOLDER "/" file \
      "\"\n"                                                               \
      "starling_docs_" #name "_end:\n.popsection\n");                      \
  extern "C" const char starling_docs_##name[], starling_docs_##name##_end[];

STARLING_DOCS_FILE(page, "index.html.gz")
STARLING_DOCS_FILE(script, "docs.js.gz")
STARLING_DOCS_FILE(style, "swagger-ui.css.gz")
STARLING_DOCS_FILE(bundle, "swagger-ui-bundle.js.gz")
STARLING_DOCS_FILE(icon, "favicon-32x32.png.gz")

namespace starling::app {
namespace {

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace

std::span<const DocsFile> DocsFiles() {
  static const DocsFile files[] = {
      {"/docs", "text/html; charset=utf-8", Between(starling_docs_page, starling_docs_page_end)},
      {"/docs/docs.js", "text/javascript; charset=utf-8",
       Between(starling_docs_script, starling_docs_script_end)},
      {"/docs/swagger-ui.css", "text/css; charset=utf-8",
       Between(starling_docs_style, starling_docs_style_end)},
      {"/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8",
       Between(starling_docs_bundle, starling_docs_bundle_end)},
      {"/docs/favicon-32x32.png", "image/png", Between(starling_docs_icon, starling_docs_icon_end)},
  };
  return files;
}

}  // namespace starling::app
