# Checked without a container engine: the same commands run natively (README, "Run it elsewhere").
FROM python:3.13-slim AS build
WORKDIR /srv/kb
COPY requirements/ requirements/
ARG EXTRAS=""
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/core.txt \
 && for extra in $(echo "$EXTRAS" | tr ',' ' '); do /opt/venv/bin/pip install --no-cache-dir --require-hashes -r "requirements/$extra.txt"; done

FROM python:3.13-slim
ARG EXTRAS=""
ENV KB_EXTRAS=$EXTRAS
RUN useradd --system --uid 10001 --home-dir /srv/kb --shell /usr/sbin/nologin kb
WORKDIR /srv/kb
COPY --from=build /opt/venv /opt/venv
COPY app/ app/
COPY migrations/ migrations/
COPY seed_data/ seed_data/
COPY alembic.ini pyproject.toml ./
# Compiled here: who runs it may not write, and each start would compile it anew.
RUN python -m compileall -q app migrations
RUN printf '#!/opt/venv/bin/python\nfrom app.cli import main\n\nif __name__ == "__main__":\n    main()\n' > /opt/venv/bin/procedure-kb \
 && chmod +x /opt/venv/bin/procedure-kb
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/srv/kb PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 KB_HOST=0.0.0.0 KB_SEARCH_DIR=/tmp/search
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
CMD ["procedure-kb", "serve"]
