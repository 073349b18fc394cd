"""What every merge asks of a pixel: its weight, and the quantity that is averaged; of arrays of either kind."""

from hdrgen.array_kinds import Values, evaluated, namespace
from hdrgen.camera import CameraResponse
from hdrgen.fusion.means import Mean
from hdrgen.fusion.weights import Weight

MID_GREY = 0.5  # display value at which weights are held for the two ends of the stack


def measured(
    response: CameraResponse, weight: Weight, mean: Mean, frame: Values, *, longest: bool, shortest: bool
) -> tuple[Values, Values]:
    """Weight of a frame's pixels, and what the mean averages of them; both before their EV plays a part."""
    return frame_weight(weight, frame, longest=longest, shortest=shortest), mean.measure(decode(response, frame))


def decode(response: CameraResponse, frame: Values) -> Values:
    """Linear exposure of one frame, away from zero so that its logarithm is finite."""
    return response.inverse(frame).clip(1e-9)


def frame_weight(weight: Weight, frame: Values, *, longest: bool, shortest: bool) -> Values:
    """Weight of a frame's pixels; the ends of the stack keep the weight of mid-grey.

    No frame knows bright pixels better than the shortest and dark pixels better than the longest exposure, so
    their weights do not fall off at that side, except to 0 where they clip.
    """
    held = frame.clip(MID_GREY if longest else 0.0, MID_GREY if shortest else 1.0) if longest or shortest else frame
    weights: Values = evaluated(weight, held)
    if not (longest or shortest):
        return weights
    seen: Values = namespace(frame).where((frame > 0) & (frame < 1), weights, 0)
    return seen
