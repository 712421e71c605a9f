# Writes OUTPUT, which tells a hash of all that the program is built from in FOLDER.
file(GLOB_RECURSE sources RELATIVE ${FOLDER}
     ${FOLDER}/core/*.?pp ${FOLDER}/models/*.?pp ${FOLDER}/workloads/*.?pp ${FOLDER}/results/*.?pp
     ${FOLDER}/experiments/runner/*.?pp)
list(SORT sources)
set(all)
foreach(source CMakeLists.txt ${sources})
  file(SHA256 ${FOLDER}/${source} hash)
  string(APPEND all "${source} ${hash}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 16 hash)
file(WRITE ${OUTPUT} "#include \"experiments/runner/source_identity.hpp\"\n
std::string_view xensim::source_identity() { return \"${hash}\"; }\n")
