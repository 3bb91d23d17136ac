# A capture that was cut into files, one task for each, with as many at a time as make runs: docs/batch.md.
#
#   restitch batch plan --manifest m.jsonl /captures
#   make -j8 -f batch.mk MANIFEST=m.jsonl all.jsonl
RESTITCH ?= restitch
MANIFEST ?= m.jsonl
PARTS ?= parts

tasks := $(shell seq $$(($$(wc -l < $(MANIFEST)) - 1)))

all.jsonl: $(tasks:%=$(PARTS)/map-%.jsonl)
	$(RESTITCH) batch reduce --manifest $(MANIFEST) -o $@ $(PARTS)

# The other file of a task is written before this one.
$(PARTS)/map-%.jsonl: $(MANIFEST)
	$(RESTITCH) batch map --manifest $(MANIFEST) --task $* -o $(PARTS) -q
