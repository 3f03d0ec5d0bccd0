#include "config/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace wb::config {
namespace {

Place place_of(const YAML::Mark& mark) { return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1}; }

// Builds the tree from the parser's events, rather than through YAML::Load, because that one drops duplicate keys,
// shares aliased nodes (a billion laughs) and puts no limit on anything.
class Builder : public YAML::EventHandler {
 public:
  Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    begin(mark, anchor, Value::Kind::null);
    end();
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { throw NotYaml{place_of(mark), "no anchors and no aliases (& and *)"}; }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    auto& value = begin(mark, anchor, Value::Kind::scalar);
    value.text = text;
    value.plain = tag == "?";
    end();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override { begin(mark, anchor, Value::Kind::list); }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override { begin(mark, anchor, Value::Kind::map); }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Value value;
    bool key_is_next = true;
  };

  Value& begin(const YAML::Mark& mark, YAML::anchor_t anchor, Value::Kind kind) {
    const auto place = place_of(mark);
    if (anchor != 0) throw NotYaml{place, "no anchors and no aliases (& and *)"};
    if (++values_ > values_max) throw NotYaml{place, "at most " + std::to_string(values_max) + " values in a file"};
    if (open_.size() >= depth_max) throw NotYaml{place, "at most " + std::to_string(depth_max) + " levels"};
    if (!open_.empty() && open_.back().value.kind == Value::Kind::map && open_.back().key_is_next && kind != Value::Kind::scalar)
      throw NotYaml{place, "a plain key"};
    open_.push_back({});
    auto& value = open_.back().value;
    value.kind = kind;
    value.place = place;
    return value;
  }
  void end() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    if (open_.empty()) {
      root_ = std::move(done);
      return;
    }
    auto& [parent, key_is_next] = open_.back();
    if (parent.kind == Value::Kind::list) {
      parent.items.push_back(std::move(done));
      return;
    }
    if (key_is_next) {
      parent.entries.push_back({std::move(done.text), done.place, {}});
    } else {
      // What is not there has no place in the file: the parser names the next thing's.
      if (done.kind == Value::Kind::null) done.place = parent.entries.back().place;
      parent.entries.back().value = std::move(done);
    }
    key_is_next = !key_is_next;
  }

  std::vector<Open> open_;
  Value root_;
  std::size_t values_ = 0;
};

NotYaml from_parser(const YAML::ParserException& problem) {
  // The parser's text for this one repeats the name, which is input.
  if (problem.msg.rfind("the referenced anchor", 0) == 0) return {place_of(problem.mark), "no anchors and no aliases (& and *)"};
  return {place_of(problem.mark), "valid YAML: " + problem.msg};
}

std::variant<Value, NotYaml> parse(const std::string& text) {
  std::istringstream in(text);
  Builder first;
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(first)) return Value{};  // nothing but comments: an empty map
    Builder second;
    if (parser.HandleNextDocument(second)) return NotYaml{second.take().place, "one document in a file"};
  } catch (const NotYaml& problem) {
    return problem;
  } catch (const YAML::ParserException& problem) {
    return from_parser(problem);
  } catch (const YAML::Exception&) {
    return NotYaml{{}, "valid YAML"};
  }
  return first.take();
}

}  // namespace

std::variant<Value, NotYaml> read_yaml_file(const std::filesystem::path& file) {
  std::error_code no;
  if (std::filesystem::is_directory(file, no)) return NotYaml{{}, "a readable file: it is a directory"};
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return NotYaml{{}, std::string("a readable file: ") + std::strerror(errno)};
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return NotYaml{{}, std::string("a readable file: ") + std::strerror(errno)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) return NotYaml{{}, "at most 1 MiB"};
  return parse(text);
}

}  // namespace wb::config
