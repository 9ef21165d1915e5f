#pragma once

#include <span>
#include <string>

#include "base/json.h"
#include "results/replica_proof.h"

/// The report for people: pure. What goes in has aggregates only, and nothing else comes out.
/// Private to the proof.
namespace bl::results::proof {

/// Puts the gates into the document, and `outcome`.
void add_gates(json::Value& document, std::span<const ProofGate> gates);
/// Of a document with gates.
std::string to_markdown(const json::Value& document);
/// The same with charts, one file without anything from elsewhere.
std::string to_html(const json::Value& document);

}  // namespace bl::results::proof
