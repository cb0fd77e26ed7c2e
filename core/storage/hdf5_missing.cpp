// SPDX-License-Identifier: GPL-3.0-or-later
// A build without HDF5 says so when a file is to be opened. The other members cannot be reached: no object comes to be.
#ifndef ROLORA_HAS_HDF5
#include "core/base/error.h"
#include "core/storage/hdf5.h"

namespace rolora {
namespace {

[[noreturn]] void refuse(const std::string& file) {
  throw DeviceError(file + ": this build has no HDF5 (configure with ROLORA_HDF5=ON on a machine that has libhdf5)");
}

}  // namespace

struct Hdf5Writer::State {};
Hdf5Writer::Hdf5Writer(std::filesystem::path target) { refuse(target.string()); }
Hdf5Writer::~Hdf5Writer() = default;
void Hdf5Writer::group(const std::string& path) { refuse(path); }
void Hdf5Writer::dataset(const std::string& path, std::span<const float>, const std::vector<int64_t>&) { refuse(path); }
void Hdf5Writer::dataset(const std::string& path, std::span<const double>, const std::vector<int64_t>&) { refuse(path); }
void Hdf5Writer::dataset(const std::string& path, std::span<const int64_t>, const std::vector<int64_t>&) { refuse(path); }
void Hdf5Writer::dataset(const std::string& path, std::span<const std::string>) { refuse(path); }
void Hdf5Writer::attribute(const std::string& object, const std::string&, const std::string&) { refuse(object); }
void Hdf5Writer::attribute(const std::string& object, const std::string&, double) { refuse(object); }
void Hdf5Writer::attribute(const std::string& object, const std::string&, int64_t) { refuse(object); }
void Hdf5Writer::attribute(const std::string& object, const std::string&, const std::vector<std::string>&) { refuse(object); }
void Hdf5Writer::commit() { refuse("commit"); }

struct Hdf5Reader::State {};
Hdf5Reader::Hdf5Reader(const std::filesystem::path& file) { refuse(file.string()); }
Hdf5Reader::~Hdf5Reader() = default;
bool Hdf5Reader::has(const std::string& path) const { refuse(path); }
std::vector<std::string> Hdf5Reader::children(const std::string& path) const { refuse(path); }
std::vector<int64_t> Hdf5Reader::shape(const std::string& path) const { refuse(path); }
std::vector<double> Hdf5Reader::numbers(const std::string& path) const { refuse(path); }
std::vector<std::string> Hdf5Reader::strings(const std::string& path) const { refuse(path); }
std::string Hdf5Reader::text_attribute(const std::string& object, const std::string&) const { refuse(object); }
double Hdf5Reader::number_attribute(const std::string& object, const std::string&) const { refuse(object); }
std::map<std::string, double> Hdf5Reader::number_attributes(const std::string& object) const { refuse(object); }
std::vector<std::string> Hdf5Reader::texts_attribute(const std::string& object, const std::string&) const { refuse(object); }

}  // namespace rolora
#endif
