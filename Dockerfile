# The wheel is built in one stage and installed in the other, like any other package.
FROM python:3.13.9-slim AS build
WORKDIR /src
COPY requirements/ requirements/
ARG FEATURES=""
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/core.txt \
 && for feature in $(echo "$FEATURES" | tr ',' ' '); do /opt/venv/bin/pip install --no-cache-dir --require-hashes -r "requirements/$feature.txt"; done
# A Python that a system manages refuses packages outside an environment.
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE CONTENT_LICENSE.md ./
COPY migrations/ migrations/
COPY seed_data/ seed_data/
COPY app/ app/
# Installing compiles the code: whoever runs the image may not write, and each start would compile it anew.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.13.9-slim
ARG FEATURES=""
ENV KB_FEATURES=$FEATURES
RUN useradd --system --uid 10001 --home-dir /srv/kb --create-home --shell /usr/sbin/nologin kb \
 && install --directory --owner kb /srv/kb/var
WORKDIR /srv/kb
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 KB_HOST=0.0.0.0
# Everything that is written: the SQLite file, the search index, the exports, temporary files (SQLite sorts in them). The rest of
# the file system may be read-only.
ENV TMPDIR=/srv/kb/var
VOLUME /srv/kb/var
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
CMD ["procedure-kb", "serve"]
