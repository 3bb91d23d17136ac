# Completion of restitch for fish. The program says itself what may stand next (src/cli/completion.h).

function __restitch_candidates
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l program $words[1]
    set -l lines ($program __complete $words[2..-1] "$typed" 2>/dev/null)
    for line in $lines[2..-1]
        echo $line
    end
    switch "$lines[1]"
        case files
            __fish_complete_path "$typed"
        case directories
            __fish_complete_directories "$typed"
    end
end

complete -c restitch -f -k -a '(__restitch_candidates)'
