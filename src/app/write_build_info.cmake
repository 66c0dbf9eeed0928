# Writes OUT, the source of ThisBuild(). Runs with every build; touches the file only when something in it is new.
#   cmake -DOUT=file -DSOURCE_DIR=folder -DCOMPILER=text -DBUILD=text -P write_build_info.cmake
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [=[
#include "app/version.h"

namespace starling::app {

BuildInfo ThisBuild() { return {"@commit@", "@COMPILER@", "@BUILD@"}; }

}  // namespace starling::app
]=] @ONLY)
