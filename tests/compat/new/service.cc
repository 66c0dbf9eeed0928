#include "service.h"

#include <algorithm>

#include "starling/notes/v1/notes.starling.h"

namespace starling::notes {
namespace {

class Notes final : public v1::NotesService {
 public:
  async::Task<absl::StatusOr<v1::KeepResponse>> Keep(RequestContext,
                                                     const v1::KeepRequest& request) override {
    v1::KeepResponse response;
    response.set_collection(request.has_collection() ? request.collection() : "inbox");
    *response.mutable_note() = request.note();
    response.mutable_note()->add_labels("kept");
    // What older callers don't know comes back to them: they must live with it.
    if (response.note().priority() == v1::PRIORITY_HIGH)
      response.mutable_note()->set_priority(v1::PRIORITY_URGENT);
    co_return response;
  }
  async::Stream<v1::Note> Replay(RequestContext, v1::ReplayRequest request) override {
    for (v1::Note& note : *request.mutable_notes()) {
      note.set_due_ms(1000);
      co_yield std::move(note);
    }
    co_return absl::OkStatus();
  }
  async::Task<absl::StatusOr<v1::CountWordsResponse>> CountWords(
      RequestContext, const v1::CountWordsRequest& request) override {
    const std::string& text = request.note().text();
    v1::CountWordsResponse response;
    response.set_words(static_cast<uint32_t>(std::count(text.begin(), text.end(), ' ') + 1));
    co_return response;
  }
};

}  // namespace

run::ServiceDefinition Definition() {
  return DefinitionOf<Notes, v1::NotesServiceDispatcher>(v1::NotesServiceContract());
}

}  // namespace starling::notes
