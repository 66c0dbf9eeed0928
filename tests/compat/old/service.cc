#include "service.h"

#include "starling/notes/v1/notes.starling.h"

namespace starling::notes {
namespace {

// Passes on what it was given, as a service that stores or forwards would.
class Notes final : public v1::NotesService {
 public:
  async::Task<absl::StatusOr<v1::KeepResponse>> Keep(RequestContext,
                                                     const v1::KeepRequest& request) override {
    v1::KeepResponse response;
    *response.mutable_note() = request.note();
    co_return response;
  }
  async::Stream<v1::Note> Replay(RequestContext, v1::ReplayRequest request) override {
    for (v1::Note& note : *request.mutable_notes()) co_yield std::move(note);
    co_return absl::OkStatus();
  }
};

}  // namespace

run::ServiceDefinition Definition() {
  return DefinitionOf<Notes, v1::NotesServiceDispatcher>(v1::NotesServiceContract());
}

}  // namespace starling::notes
