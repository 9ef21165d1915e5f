#pragma once

#include <string>
#include <vector>

#include "access/tokens.h"

/// Tokens on the wire (spec/results-conbench.md 3.5). Private to this folder.
namespace bl::access {

/// `{"tokens": [...]}`, without their texts.
std::string encode_tokens(const std::vector<TokenView>& tokens);
/// With its text, for the one answer that has it.
std::string encode_new_token(const NewToken& token);

}  // namespace bl::access
