# hdrgen with all its verbs, in a container:
#   docker build -t hdrgen .                              torch's CPU build
#   docker build --build-arg TORCH_INDEX= -t hdrgen .     torch of the usual index, with CUDA: gigabytes
#   docker run --rm -v "$PWD:/data" --user "$(id -u):$(id -g)" hdrgen expand photo.jpg      (CUDA: --gpus all)
ARG PYTHON=3.11
FROM python:${PYTHON}-slim
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# Empty for those who merge and look: --build-arg EXTRAS=
ARG EXTRAS=[train]

WORKDIR /source
COPY constraints.txt ./
# First, and without hdrgen, so that a change of the code fetches nothing again.
RUN python -m pip install --no-cache-dir -c constraints.txt torch ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"}
COPY pyproject.toml setup.py LICENSE ./
COPY docs/package.md docs/
COPY experiments experiments
COPY hdrgen hdrgen
RUN python -m pip install --no-cache-dir -c constraints.txt ".${EXTRAS}" && hdrgen doctor

# Any user may be given to `docker run`; what is kept at home is then kept in the folder that is mounted.
ENV HOME=/data
WORKDIR /data
ENTRYPOINT ["hdrgen"]
CMD ["--help"]
