/** Software a text may name, as its makers write it: nothing else is called so, whatever its capitals. */
const NAMES = `
Ansible|Apache Airflow|Airflow|Apache Kafka|Kafka|Apache Spark|Apache Flink|Apache Cassandra|Cassandra|Hadoop|Terraform|Pulumi|Kubernetes|Docker|Docker Compose|Podman|containerd|Helm Charts|Istio|Envoy Proxy|Linkerd|Nomad|Prometheus|Grafana|Loki|OpenTelemetry|Jaeger|Datadog|Sentry|Splunk|Elasticsearch|OpenSearch|Kibana|Logstash|Logrotate
PostgreSQL|Postgres|MySQL|MariaDB|SQLite|MongoDB|Redis|Valkey|Memcached|DynamoDB|CockroachDB|ClickHouse|DuckDB|Neo4j|InfluxDB|TimescaleDB|Supabase|Firebase|PlanetScale|SurrealDB|RocksDB|LevelDB|LMDB|etcd|ZooKeeper|Consul|BigQuery|Snowflake|Databricks|dbt|pgvector|Pinecone|Weaviate|Qdrant|Milvus|Chroma DB|PGlite
RabbitMQ|NATS|ActiveMQ|ZeroMQ|Celery|Sidekiq|BullMQ|Temporal|Graphile Worker|Solid Queue|Oban|pg-boss|Amazon SQS|Pub/Sub
Node.js|Deno|TypeScript|JavaScript|Python|Java|Kotlin|Scala|Clojure|Haskell|OCaml|Erlang|Elixir|Golang|C++|C#|F#|.NET|PHP|Perl|Ruby on Rails|Rails|Fortran|COBOL|MATLAB|Zig|WebAssembly|GraphQL|gRPC|CoffeeScript|PowerShell|AssemblyScript|Visual Basic|Objective-C|Lua|Jython|PyPy|CPython
npm|npx|pnpm|Yarn|Webpack|Vite|Rollup|esbuild|Parcel bundler|Turborepo|Lerna|Babel|SWC|Biome|ESLint|Prettier|Jest|Vitest|Mocha|Jasmine|Karma|Cypress|Playwright|Puppeteer|Selenium|Storybook|tsx|ts-node|tsup|tsc|knip|Browserify|Grunt|Gulp|Bower|jsdom|Zod|Ajv|Lodash|RxJS|Axios|undici|node-fetch|cheerio|Winston|Pino
React|React Native|Next.js|Vue|Vue.js|Nuxt|Angular|Svelte|SvelteKit|Solid.js|SolidJS|Preact|Ember.js|jQuery|Backbone.js|Alpine.js|htmx|Astro framework|Gatsby|Redux|MobX|Tailwind CSS|Tailwind|Bootstrap CSS|Electron.js|Tauri|Three.js|D3.js|Express.js|Fastify|NestJS|Hapi|Koa|Hono|Socket.IO|Drizzle ORM|Drizzle|Prisma|TypeORM|Sequelize|Mongoose|Knex
Django|FastAPI|SQLAlchemy|Pydantic|NumPy|pandas|SciPy|scikit-learn|PyTorch|TensorFlow|Keras|JAX|Hugging Face|LangChain|LlamaIndex|spaCy|NLTK|OpenCV|Matplotlib|Jupyter|Anaconda|pytest|Gunicorn|Uvicorn|virtualenv|PyPI|pip|setuptools|Jinja|Scrapy|Beautiful Soup|mypy|Ruff
ChatGPT|GPT-4|GPT-3|OpenAI|Ollama|llama.cpp|vLLM|Claude|Gemini API|Mistral|Llama 2|Llama 3|Whisper API|Stable Diffusion|Midjourney|GitHub Copilot|OpenRouter
Linux|Ubuntu|Debian|Fedora|CentOS|Alpine Linux|Arch Linux|FreeBSD|OpenBSD|macOS|Windows|Android|iOS|systemd|Vim|Neovim|Emacs|VS Code|Visual Studio Code|Visual Studio|IntelliJ IDEA|PyCharm|Xcode|Android Studio|tmux|Git|GitHub|GitHub Actions|GitLab|Bitbucket|Mercurial|Subversion|Jenkins|CircleCI|Travis CI|Homebrew|apt-get|dpkg|wget|OpenSSL|OpenSSH|ssh|rsync|grep|awk|sed|ripgrep|jq|FFmpeg|ImageMagick|Pandoc|LaTeX|Bash|Zsh|strace|gdb|Valgrind|CMake|Bazel|Gradle|Maven|GCC|Clang|LLVM|readline|Cygwin|QEMU|VirtualBox|Vagrant|WireGuard|OpenVPN|iptables|nginx|Apache HTTP Server|HAProxy|Traefik|Caddy|Cloudflare|Cloudflare Workers|Vercel|Netlify|Heroku|Fly.io|AWS|Amazon S3|AWS Lambda|Amazon EC2|Google Cloud|Microsoft Azure|Azure|MinIO
Notion|Slack|Zapier|Airtable|Obsidian|Figma|Photoshop|Blender|AutoCAD|SolidWorks|FreeCAD|OpenSCAD|KiCad|Excel|PowerPoint|WordPress|Drupal|Shopify|Stripe API|YouTube|Wikipedia|Unity|Unreal Engine|Arduino|Raspberry Pi|ESP32|ElevenLabs|Bull Board|Autocannon|Swagger|OpenAPI|Postman|Keycloak|Auth0|Let's Encrypt|HashiCorp Vault|JUnit|Spring Boot|Hibernate|Flutter|SwiftUI|.NET Core|ASP.NET|TeX|Typst|Zotero|Mastodon|Matrix Synapse|Lucene|Solr|MeiliSearch|Algolia|Neo4J|Protocol Buffers|Protobuf|Avro|Parquet|Apache Arrow|Web3|Ethereum|Bitcoin|Solidity|Mutt|Exim|Postfix|Dovecot|Samba|BIND 9|CUPS|GNOME|KDE|Qt|GTK|Wayland|X11|Perforce|Nix|NixOS|Guix|Coq|Agda|TLA+|Z3`;
/** Words or names of other things too: only in exactly this spelling. */
const EXACT = `
Nx|Python|Java|React|Windows|Angular|Git|Android|Pandas|Prometheus|Firebase|Tailwind|Svelte|Flutter|Swagger|Postman|Nix|Qt|Babel|Scala|Vite|Yarn|Azure|Airflow|Consul|Loki|Sentry|Snowflake|Jenkins|Selenium|Cypress|Electron|Excel|PowerPoint|Photoshop|Discord|Slack|Zoom|Rails|Ruby|Rust|Perl|Lua|Drizzle|Biome|Celery|Temporal|Notion|Obsidian|Figma|Blender|Arduino|Bootstrap|Bash|Vagrant|Maven|Gradle|Caddy|Heroku|Django|Laravel|Symfony|Kotlin|Fedora|Cassandra|Kafka|Claude|Gemini|Mistral|Copilot|Helm|Terraform|Puppet`;
/** Everyday words: this spelling, away from a sentence's start, twice, and with a sign that software is meant. */
const CUED = `
Go|Swift|Express|Spark|Flask|Make|Chef|Salt|Julia|Dart|Crystal|Nim|Elm|Spring|Phoenix|Ember|Meteor|Parcel|Bun|Sails|Storm|Beam|Hive|Pig|Impala|Presto|Trino|Druid|Pulsar|Flux|Argo|Vault|Packer|Fish|Nano|Atom|Sublime|Cursor|Whisper|Llama|Chroma|Teams|Word|Signal|Matrix|Mercurial|Capacitor|Ionic|Cordova|Mocha|Karma|Jasmine|Gin|Echo|Fiber|Rocket|Tokio|Oban|Nomad|Unity|Hapi|Solid|Astro|Bower|Gulp|Grunt|Ruff|curl|Koa|Prettier|Nest|Bison|Alloy`;

export interface KnownTool {
  readonly name: string;
  readonly evidence: "name" | "spelling" | "cue";
}

/** By the name in lower case. */
export const KNOWN_TOOLS: ReadonlyMap<string, KnownTool> = table();

/** Words in the longest name; spaces part them. */
export const LONGEST_NAME_WORDS = Math.max(...[...KNOWN_TOOLS.keys()].map((name) => name.split(" ").length));

function table(): Map<string, KnownTool> {
  const tools = new Map<string, KnownTool>();
  for (const [list, evidence] of [
    [NAMES, "name"],
    [EXACT, "spelling"],
    [CUED, "cue"],
  ] as const) {
    for (const name of list.trim().split(/[|\n]/)) tools.set(name.toLowerCase(), { name, evidence });
  }
  return tools;
}
