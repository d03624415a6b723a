# The commands of this project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run screenshot test again lint gen bench screenshots package package-test clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start the desktop app with its embedded sandbox organisation
	@src-tauri/scripts/run.sh

screenshot: ## Photograph the virtual desktop that a running `make run` made
	@src-tauri/scripts/screenshot.sh

test: ## Run every test: window, crates, protocol, journeys
	@tests/support/sh/test.sh

again: ## Run the journeys N times in a row (20 unless N is given), after make test
	@tests/support/sh/again.sh $(N)

lint: ## Formatting, clippy, documentation links, the window's linter
	@tests/support/sh/lint.sh

gen: ## Write the window's TypeScript bindings anew from the Rust types
	@src-tauri/scripts/bindings.sh

bench: ## Measure what we claim: beside a bare tray program, a server's limit, the AWS CLI
	@tests/support/sh/bench.sh

screenshots: ## Photograph every view in every state, light and dark, into screenshots/
	@tests/support/sh/screenshots.sh

package: ## Build the deb and the rpm into target/release/bundle/
	@src-tauri/scripts/package.sh

package-test: ## Install, start and remove the deb and the rpm in a clean root
	@tests/support/sh/package-test.sh

clean: ## Remove everything that these commands built
	rm -rf target gen tests/bench/bare/gen .tools screenshots ui/dist ui/dist-gallery ui/node_modules
