# Completion of restitch for bash. The program says itself what may stand next (src/cli/completion.h).

# Sets `words` to those of the command line up to the one that is being typed: bash takes = and : for words of
# their own, and they are put back between their neighbours.
_restitch_words() {
  local i word glue=0
  words=()
  for ((i = 1; i <= COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if ((${#words[@]} > 0)) && { ((glue)) || [[ $word == [=:] ]]; }; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    glue=0
    [[ $word == [=:] ]] && glue=1
  done
}

_restitch() {
  local words typed further line candidate
  local program=${COMP_WORDS[0]/#\~/$HOME}
  _restitch_words
  typed=${COMP_WORDS[COMP_CWORD]}
  [[ $typed == [=:] ]] && typed=
  COMPREPLY=()
  {
    IFS= read -r further
    while IFS= read -r line; do
      candidate=${line%%$'\t'*}
      # Only what bash takes for the word is replaced: what stands behind the last = or :.
      candidate=${candidate:$((${#words[-1]} - ${#typed}))}
      [[ $candidate == *[=,] ]] && compopt -o nospace 2>/dev/null
      COMPREPLY+=("$candidate")
    done
  } < <("$program" __complete "${words[@]}" 2>/dev/null)

  case $further in
    files)
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$typed")
      ;;
    directories)
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$typed")
      ;;
    *) compopt +o default 2>/dev/null ;;
  esac
}

complete -o default -F _restitch restitch
